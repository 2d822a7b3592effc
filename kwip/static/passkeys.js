// Passkeys: ask the browser for one, and send what it answers with a form of the page.
// Without a script, or in a browser that has none, the buttons stay hidden.
{
  const bytesOf = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  function textOf(buffer) {
    const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  }

  // Options as the browser wants them: bytes for base64url.
  function decoded(options) {
    options.challenge = bytesOf(options.challenge);
    if (options.user) options.user.id = bytesOf(options.user.id);
    for (const known of options.excludeCredentials ?? []) known.id = bytesOf(known.id);
    return options;
  }

  // What the browser answered, as JSON.
  function encoded({ id, rawId, type, response }) {
    const parts = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = textOf(response[name]);
    }
    return JSON.stringify({ id, rawId: textOf(rawId), type, response: parts, clientExtensionResults: {} });
  }

  async function optionsFrom(url, fields) {
    const answer = await fetch(url, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (answer.ok) return decoded(found);
    const [detail] = Object.values(found.details ?? {});
    throw new Error(detail?.[0].description ?? found.error);
  }

  async function answer(form) {
    const fields = new FormData();
    fields.set("csrf_token", form.elements.csrf_token.value);
    const publicKey = await optionsFrom("/passkeys/options", fields);
    form.elements.assertion.value = encoded(await navigator.credentials.get({ publicKey }));
  }

  // Sign with a passkey, and send the form that the button belongs to.
  async function sign(button) {
    const { form } = button;
    if (form.elements.password?.reportValidity() === false) return;
    await answer(form);
    form.submit();
  }

  // Make a passkey, and send it with the form beside.
  async function create(button) {
    const { form } = button;
    if (!form.reportValidity()) return;
    if (form.elements.code?.value === "") await answer(form);
    const publicKey = await optionsFrom(button.dataset.options, new FormData(form));
    const made = document.getElementById("made");
    made.elements.passkey.value = encoded(await navigator.credentials.create({ publicKey }));
    made.submit();
  }

  function say(button, error) {
    const isRefused = error instanceof DOMException || error instanceof TypeError;
    const message = isRefused ? gettext("Your browser didn't use a passkey. Try again.") : error.message;
    const said = button.parentElement.querySelector(".problem") ?? document.createElement("p");
    Object.assign(said, { className: "problem", tabIndex: -1, textContent: message });
    said.setAttribute("role", "alert");
    button.after(said);
    said.focus();
  }

  for (const button of document.querySelectorAll("button[data-passkey]")) {
    // There are none for IP addresses.
    if (!window.PublicKeyCredential || /^[\d.]+$|:/.test(location.hostname)) continue;
    for (const part of document.querySelectorAll("[data-unscripted]")) part.hidden = true;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await (button.dataset.passkey === "create" ? create : sign)(button);
      } catch (error) {
        say(button, error);
      } finally {
        button.disabled = false;
      }
    });
  }
}
