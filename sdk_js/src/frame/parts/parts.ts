/** The shared parts: functions that draw, and keep nothing. */
import { html, nothing, type TemplateResult } from "lit";
import { type Badge, BADGES, type Tone } from "../model/badges.js";
import type { Said } from "../said.js";
import { type Icon, icon } from "./icons.js";

/** What Lit can draw: a template, a text, nothing. */
export type Content = TemplateResult | string | typeof nothing | readonly Content[];

/** The line on top of a card: the weight, the title, and at the end a badge or a note. */
export const header = ({ words }: Said, end: Content = nothing): TemplateResult =>
  html`<div class="head">${icon("weight")}<h2>${words.title}</h2><span class="end">${end}</span></div>`;

/** A figure of minor units, its sign smaller; `whole` leaves decimals out where they are 0. Size: 44, 32 or 20 px. */
export function figure(said: Said, amount: number, size: "large" | "middle" | "small", whole = true): TemplateResult {
  const { sign, digits } = said.parts(amount, whole);
  return html`<span class="figure ${size}"><span class="sign">${sign}</span>${digits}</span>`;
}

/** A small coloured box with an icon and a word. */
export const tag = (tone: Tone, name: Icon, word: Content): TemplateResult => html`<span class="tag ${tone}">${icon(name)}${word}</span>`;

/** The badge of a state of a drawdown, of its health or of an offer. */
export function badge(said: Said, state: Badge): TemplateResult {
  const [tone, name] = BADGES[state];
  return tag(tone, name, said.words.badge[state]);
}

/** By how much a limit moved: the arrow and the word say it, no colour. Why stands after it, in plain text. */
export const chip = (up: boolean, word: string): TemplateResult => tag(up ? "petrol" : "neutral", up ? "up" : "down", word);

/** A box that says what is the matter and what became of the money. `alert`: read out at once, for failures. */
export const notice = (tone: Tone, name: Icon, title: Content, body: Content = nothing, alert = false): TemplateResult =>
  html`<div class="notice ${tone}" role=${alert ? "alert" : "status"}>${icon(name)}
    <div><strong>${title}</strong>${body === nothing ? nothing : html`<p>${body}</p>`}</div></div>`;

/** Several `line`s. */
export const lines = (...content: Content[]): TemplateResult => html`<dl class="lines">${content}</dl>`;

/** A name, dotted leaders, a value, and what stands small below it. */
export const line = (name: Content, value: Content, below: Content = nothing): TemplateResult =>
  html`<div class="line"><dt>${name}</dt><dd>${value}${below === nothing ? nothing : html`<small>${below}</small>`}</dd></div>`;

/** The ruled line of a sum. */
export const total = (name: Content, value: Content): TemplateResult =>
  html`<div class="line total"><dt>${name}</dt><dd class="figure small">${value}</dd></div>`;

/** The one thing to press. */
export const primary = (word: Content, press: () => void, off = false): TemplateResult =>
  html`<button class="primary" type="button" ?disabled=${off} @click=${press}>${word}</button>`;

/** Something else to press, as wide as the primary. */
export const secondary = (word: Content, press: () => void, off = false): TemplateResult =>
  html`<button class="secondary" type="button" ?disabled=${off} @click=${press}>${word}</button>`;

/** A text to press. */
export const quiet = (word: Content, press: () => void): TemplateResult =>
  html`<button class="link" type="button" @click=${press}>${word}</button>`;

/** A text that opens what it hides, in place. */
export const disclosed = (word: Content, hidden: Content): TemplateResult =>
  html`<details><summary class="link">${word}</summary>${hidden}</details>`;

/** The numbers of a chart, behind "show numbers"; the first cell of each row names it. */
export const numbers = ({ words }: Said, caption: string, heads: readonly string[], rows: readonly (readonly Content[])[]): TemplateResult =>
  html`<details class="numbers"><summary class="link">${words.numbers}</summary><table>
    <caption>${caption}</caption>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></details>`;

/** What is still to come, at its final size: a class of `style.ts` each. */
export const bones = (word: string, ...sizes: readonly string[]): TemplateResult =>
  html`<div class="bones" role="status">${sizes.map((size) => html`<span class="bone ${size}"></span>`)}<p>${word}</p></div>`;

/** A problem before anything was sent, or one that refused it: nothing was borrowed, and what to try. */
export function trouble(said: Said, title: string, detail: string, reference: string | undefined, again: () => void): Content {
  return [
    notice("neutral", "offline", title, detail || said.words.error_body, true),
    secondary(said.words.again, again),
    reference ? html`<p class="soft center small-text">${said.words.reference(reference)}</p>` : nothing,
  ];
}

/** A tile that cannot be pressed: `end` is what can be instead. */
export const still = (box: Content, name: Content, why: Content, end: Content = nothing): TemplateResult =>
  html`<div class="card"><div class="tile" role="status"><span class="box neutral">${box}</span><span class="text"><span class="name">${name}</span><span class="why">${why}</span></span>${end}</div></div>`;
