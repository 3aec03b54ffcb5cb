// Lets an authenticator answer, and sends the answer with its form. What begins it, a form or one button of a form, has
// the attribute data-passkey; without this script it is not shown.
document.documentElement.classList.add("js");
const RENEWED_AFTER = 4 * 60 * 1000; // challenges are valid for five minutes
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (each) => ({ ...each, id: bytes(each.id) });

function say(what) {
  for (const line of document.querySelectorAll("[data-says]")) line.hidden = line.dataset.says !== what;
}

async function optionsFor(form, address) {
  const token = new URLSearchParams({ form_token: form.elements.form_token.value });
  const response = await fetch(address, { method: "POST", body: token });
  if (!response.ok) throw new Error(`options: ${response.status}`);
  const given = await response.json();
  given.challenge = bytes(given.challenge);
  if (given.user) given.user.id = bytes(given.user.id);
  given.allowCredentials &&= given.allowCredentials.map(known);
  given.excludeCredentials &&= given.excludeCredentials.map(known);
  return given;
}

function sent(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

let waiting = null; // the request behind the browser's own list of passkeys, which another one has to end first
let offeredAt = 0;
async function answer(begun, more = {}) {
  const form = begun.form ?? begun;
  waiting?.abort();
  waiting = new AbortController();
  const publicKey = await optionsFor(form, begun.dataset.options);
  const asked = { publicKey, signal: waiting.signal, ...more };
  const credential = await navigator.credentials[begun.dataset.passkey](asked);
  form.querySelector("[data-answer]").value = sent(credential);
  if (begun.form) form.action = begun.formAction;
  form.submit();
}

async function offer(begun) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const begin = () => {
    if (Date.now() - offeredAt < RENEWED_AFTER) return;
    offeredAt = Date.now();
    answer(begun, { mediation: "conditional" }).catch(() => {}); // the button says what is wrong
  };
  begin();
  addEventListener("focus", begin);
}

for (const begun of document.querySelectorAll("[data-passkey]")) {
  begun.addEventListener(begun.form ? "click" : "submit", async (event) => {
    event.preventDefault();
    say("");
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      await answer(begun);
    } catch (problem) {
      const words = { SecurityError: "unknown", NotSupportedError: "unknown", NotAllowedError: "cancelled",
        AbortError: "cancelled", InvalidStateError: "known" };
      say(words[problem.name] ?? "failed");
      offeredAt = 0;
    }
  });
  if ("offered" in begun.dataset && window.PublicKeyCredential) offer(begun);
}
