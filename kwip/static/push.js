// Notifications on this device: turn them on and off, and say what the browser allows.
// Without a script the page says that it needs one.
{
  const panel = document.getElementById("device");
  const form = panel.querySelector("form");
  const said = panel.querySelector("[data-state]");
  const button = form.querySelector("button");
  const { key, endpoint } = panel.dataset;
  // Set while this browser has the subscription that the site knows.
  let subscription = null;

  const bytesOf = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  function textOf(buffer) {
    const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  }

  function whyNot() {
    if (!isSecureContext) return gettext("Notifications need a secure connection (https).");
    if (!(navigator.serviceWorker && window.PushManager && window.Notification)) {
      const isApple = /iPhone|iPad/.test(navigator.userAgent);
      return isApple
        ? gettext("Add this site to your home screen first, and open it from there.")
        : gettext("This browser can't show notifications.");
    }
    if (Notification.permission === "denied") {
      return gettext("Your browser blocks notifications from this site. Allow them in its settings, then reload this page.");
    }
    return "";
  }

  function show() {
    const problem = whyNot();
    said.textContent =
      problem || (subscription ? gettext("Notifications are on.") : gettext("Notifications are off."));
    button.hidden = Boolean(problem);
    button.textContent = subscription ? gettext("Turn off") : gettext("Turn on");
    button.classList.toggle("button-main", !subscription);
  }

  async function send(url, fields) {
    const body = new FormData();
    body.set("csrf_token", form.elements.csrf_token.value);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
  }

  // An older subscription may be for another key of the site.
  async function subscribed(worker) {
    const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
    const older = await worker.pushManager.getSubscription();
    if (older && textOf(older.options.applicationServerKey) !== key) await older.unsubscribe();
    return worker.pushManager.subscribe(options);
  }

  async function turnOn() {
    if ((await Notification.requestPermission()) !== "granted") return;
    await navigator.serviceWorker.register("/service-worker.js");
    const made = await subscribed(await navigator.serviceWorker.ready);
    const keys = { p256dh: textOf(made.getKey("p256dh")), auth: textOf(made.getKey("auth")) };
    await send("/settings/notifications/device", { endpoint: made.endpoint, ...keys });
    subscription = made;
  }

  async function turnOff() {
    await send("/settings/notifications/device/remove", {});
    await subscription.unsubscribe();
    subscription = null;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await (subscription ? turnOff : turnOn)();
      show();
    } catch (error) {
      const isBrowser = error instanceof DOMException || error instanceof TypeError;
      said.textContent = isBrowser ? gettext("That didn't work. Try again.") : error.message;
    } finally {
      button.disabled = false;
    }
  });

  async function begin() {
    for (const part of panel.querySelectorAll("[data-unscripted]")) part.hidden = true;
    if (!whyNot()) {
      const worker = await navigator.serviceWorker.getRegistration("/");
      const found = await worker?.pushManager.getSubscription();
      if (found && found.endpoint === endpoint) subscription = found;
    }
    show();
  }

  begin();
}
