import type { Drawdown, Offer, Schemas } from "../../client/client.js";

export type { Drawdown, Offer, Quote, Summary } from "../../client/client.js";
export type Forecast = Schemas["Forecasts"];
export type Reason = Offer["reasons"][number];
export type State = Drawdown["state"];

const FLYING: readonly State[] = ["awaiting_confirmation", "requested", "reviewing", "approved", "submitted", "pending", "in_doubt"];

/** Whether a drawdown is somewhere between the click and the money. */
export const flying = ({ state }: { state: State }): boolean => FLYING.includes(state);
