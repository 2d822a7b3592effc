// Shows the notifications that the site sends to this browser, also while no page is open.

function shown({ title, body, icon, url, notification_id: id }) {
  const badge = "/static/icon-badge.png";
  // One that is sent twice replaces itself.
  return registration.showNotification(title, { body, icon, badge, tag: id, data: { url } });
}

async function open(address) {
  const url = new URL(address, location.origin);
  if (url.origin !== location.origin) return;
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => page.url === url.href);
  if (there) await there.focus();
  else await clients.openWindow(url.href);
}

// The browser has made a new subscription in place of one that the site knows.
async function renewed({ oldSubscription: old, newSubscription: made }) {
  if (!old) return;
  const found = made ?? (await registration.pushManager.subscribe(old.options));
  const { endpoint, keys } = found.toJSON();
  const before = { old: old.endpoint, old_auth: old.toJSON().keys.auth };
  const body = new URLSearchParams({ ...before, endpoint, p256dh: keys.p256dh, auth: keys.auth });
  await fetch("/push/renewed", { method: "POST", body });
}

addEventListener("push", (event) => {
  if (event.data) event.waitUntil(shown(event.data.json()));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewed(event)));
