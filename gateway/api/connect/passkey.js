// Asks the browser for a passkey when a form that needs one is sent, and sends the answer with it. Nothing is kept.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

// What the server wrote as base64url becomes the bytes the browser wants.
function asked(options) {
  const wanted = { ...options, challenge: bytes(options.challenge) };
  if (wanted.user) wanted.user = { ...wanted.user, id: bytes(wanted.user.id) };
  if (wanted.allowCredentials) wanted.allowCredentials = listed(wanted.allowCredentials);
  if (wanted.excludeCredentials) wanted.excludeCredentials = listed(wanted.excludeCredentials);
  return { publicKey: wanted };
}

// And its answer becomes text again.
function answered(credential, question) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const id = text(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, response, asked: question });
}

const FAULTS = { InvalidStateError: "known", SecurityError: "address", NotSupportedError: "unsupported" };

async function prove(form) {
  const { publicKey, asked: question } = JSON.parse(form.dataset.passkey);
  const make = Boolean(publicKey.user);
  if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
  const found = await navigator.credentials[make ? "create" : "get"](asked(publicKey));
  form.elements.response.value = answered(found, question);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const fault = form.querySelector("[data-fault]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    button.setAttribute("aria-busy", "true");
    fault.hidden = true;
    try {
      await prove(form);
      HTMLFormElement.prototype.submit.call(form);
    } catch (error) {
      delete form.dataset.busy;
      button.removeAttribute("aria-busy");
      fault.querySelector("p").textContent = fault.dataset[FAULTS[error.name] || "canceled"];
      fault.hidden = false;
    }
  });
}

// Back from the page that followed: the button works again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
});
