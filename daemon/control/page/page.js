// Keeps the page true: when causewayd tells that something has changed, the page is asked for anew and
// what differs is put in its place. Without this script the page is the same, as of when it was loaded.
"use strict";

const RENEW_AFTER = 120; // ms: a deployment may change several times at once

let live = null; // null: not known yet
let waiting = false;
let skew = 0; // the daemon's clock less ours

// What the new one has and the old one has not, node by node: focus, selection and open details stay.
function morph(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) {
    old.replaceWith(now.cloneNode(true));
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  for (const { name, value } of [...now.attributes])
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes])
    if (!now.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  const before = [...old.childNodes];
  const after = [...now.childNodes];
  after.forEach((node, i) => (before[i] ? morph(before[i], node) : old.append(node.cloneNode(true))));
  before.slice(after.length).forEach((node) => node.remove());
}

function showLive() {
  const mark = document.getElementById("live");
  if (mark) mark.className = live === null ? "" : live ? "on" : "off";
}

async function renew() {
  waiting = false;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    morph(document.getElementById("whole"), page.getElementById("whole"));
    readClock();
    tick();
    showLive();
  } catch {
    // causewayd is away: the stream notices and comes back by itself
  }
}

function renewSoon() {
  if (waiting) return;
  waiting = true;
  setTimeout(renew, RENEW_AFTER);
}

// Times that go on

function readClock() {
  skew = Number(document.getElementById("whole").dataset.now) - Date.now();
}

// As the daemon writes durations: 1d 2h 3m 4s, without the parts that are 0.
function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  let left = seconds;
  const said = [];
  for (const [size, unit] of parts) {
    if (left >= size) said.push(Math.floor(left / size) + unit);
    left %= size;
  }
  return said.join(" ") || "0s";
}

function words(ms, ago) {
  if (!ago) return span(ms);
  return ms < 1000 ? "just now" : `${span(ms)} ago`;
}

function tick() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time.ago, time.since")) {
    const text = words(now - Date.parse(time.dateTime), time.className === "ago");
    if (time.textContent !== text) time.textContent = text;
  }
}

// What is said aloud to who cannot see it change

function say(deployment) {
  const state = deployment.state.replaceAll("_", " ");
  const text = `${deployment.endpoint}: ${state}${deployment.ended_ms && deployment.reason ? `, ${deployment.reason}` : ""}`;
  const said = document.getElementById("said");
  if (said.textContent !== text) said.textContent = text;
}

function listen() {
  const stream = new EventSource("/v1/events");
  stream.addEventListener("open", () => { live = true; showLive(); renewSoon(); });
  stream.addEventListener("error", () => {
    live = false;
    showLive();
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
  stream.addEventListener("deployment", (event) => { say(JSON.parse(event.data)); renewSoon(); });
  stream.addEventListener("daemon", renewSoon);
}

readClock();
setInterval(tick, 1000);
listen();
