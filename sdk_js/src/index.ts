/** Defines the elements on import; `load` starts them. */
import { ELEMENTS } from "./elements.js";
import { define } from "./loader/element.js";

define(ELEMENTS);
export * from "./pure.js";
