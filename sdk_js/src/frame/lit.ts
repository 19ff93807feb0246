/** What of Lit the frame is made of: in its build this stands for the whole package, which would also bring LitElement. */
export { css } from "@lit/reactive-element/css-tag.js";
export { html, nothing, render, svg } from "lit/html.js";
