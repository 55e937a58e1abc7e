// Refreshes a page's figures in place. The server has drawn the page; this asks
// the same list for what changes, and writes only what differs, so focus and
// selection stay. Order changes only when the reader asks.
const body = document.body;
const bar = document.querySelector("[data-live-bar]");
const svg = "http://www.w3.org/2000/svg";
let paused = false, timer = 0, failures = 0;

function age(iso, now) {
  const s = Math.floor((now - Date.parse(iso)) / 1000);
  if (s < 1) return "just now";
  if (s < 120) return `${s} s ago`;
  if (s < 7200) return `${Math.floor(s / 60)} min ago`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} days ago`;
}

// Times are told in the reader's own zone; the ISO text stays beside it.
function localise() {
  for (const t of document.querySelectorAll("time[datetime]")) {
    const when = new Date(t.dateTime);
    t.title = `${when.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "long" })} (${t.dateTime})`;
    if (t.hasAttribute("data-clock")) t.textContent = when.toLocaleTimeString("en-GB");
  }
}

function write(el, text, flash) {
  if (!el || el.textContent === String(text)) return;
  el.textContent = text;
  if (!flash) return;
  el.classList.remove("changedcell");
  void el.offsetWidth;
  el.classList.add("changedcell");
}

function tone(el, name) {
  if (!el || el.classList.contains(name)) return;
  el.classList.remove("ok", "warn", "down", "unknown", "quiet");
  el.classList.add(name);
}

function drawBar(el, segments) {
  if (!el) return;
  segments ??= [];
  while (el.childElementCount > segments.length) el.lastElementChild.remove();
  while (el.childElementCount < segments.length) {
    const rect = document.createElementNS(svg, "rect");
    rect.setAttribute("height", "8");
    el.append(rect);
  }
  segments.forEach((s, i) => {
    const rect = el.children[i];
    rect.setAttribute("class", s.class);
    rect.setAttribute("x", s.x);
    rect.setAttribute("width", s.width);
  });
}

function drawAge(cell, iso, now) {
  if (!cell) return;
  if (!iso) { write(cell, "never"); return; }
  let t = cell.querySelector("time");
  if (!t) { t = document.createElement("time"); cell.replaceChildren(t); }
  if (t.dateTime !== iso) t.dateTime = iso;
  write(t, age(iso, now));
}

function drawTally(tally) {
  const el = document.querySelector("[data-tally]");
  if (!el || !tally) return;
  for (const n of el.querySelectorAll("[data-n]")) {
    const value = tally[n.dataset.n];
    write(n, value.toLocaleString("en-GB"));
    n.closest("li")?.classList.toggle("zero", value === 0);
  }
  drawBar(el.querySelector("[data-bar]"), tally.Bar);
}

function drawRow(row, cells, now) {
  const cell = (name) => row.querySelector(`[data-c="${name}"]`);
  tone(cell("status"), cells.status.tone);
  write(cell("status"), cells.status.word, true);
  for (const [name, text] of Object.entries(cells.text ?? {})) write(cell(name), text, true);
  if (cells.expected !== undefined) {
    write(cell("present"), `${cells.present} of ${cells.expected}`, true);
    drawBar(row.querySelector("[data-bar]"), cells.bar);
    write(cell("rest"), cells.rest);
    tone(cell("link"), cells.link.tone);
    write(cell("link"), cells.link_text || cells.link.word);
  } else {
    drawAge(cell("since"), cells.since, now);
    drawAge(cell("report"), cells.last_report_at, now);
  }
}

function draw(live, now) {
  if (live.banner) {
    const banner = document.querySelector("[data-banner]");
    write(banner.querySelector('[data-n="heard"]'), live.banner.Heard);
    write(banner.querySelector('[data-n="of"]'), live.banner.Of);
    banner.hidden = live.banner.Heard >= live.banner.Of;
  }
  drawTally(live.tally);
  if (live.site) {
    const status = document.querySelector('[data-site="status"]'), link = document.querySelector('[data-site="link"]');
    tone(status, live.site.status.tone);
    write(status, live.site.status.word);
    tone(link, live.site.link.tone);
    const banner = document.querySelector("[data-incident]"), incident = live.site.incident;
    if (banner) banner.hidden = !incident;
    if (banner && incident && banner.dataset.key !== incident.id + incident.status.word + incident.word) {
      banner.dataset.key = incident.id + incident.status.word + incident.word;
      const a = document.createElement("a"), b = document.createElement("b");
      a.href = `/incidents/${encodeURIComponent(incident.id)}`;
      a.textContent = incident.word;
      b.className = `s ${incident.status.tone}`;
      b.append(a);
      banner.replaceChildren(b, ` ${incident.reason}`);
    }
    write(link, live.site.link.word + (live.site.link_text ? `, ${live.site.link_text}` : ""));
  }
  const rows = [...document.querySelectorAll("[data-row]")];
  for (const row of rows) if (live.rows[row.dataset.row]) drawRow(row, live.rows[row.dataset.row], now);
  const button = document.querySelector("[data-changed]");
  if (button && live.mark) button.hidden = live.mark === button.dataset.mark;
  if (!button || !live.order) return;
  const moved = live.order.filter((key, i) => rows[i]?.dataset.row !== key).length + Math.max(0, rows.length - live.order.length);
  button.hidden = moved === 0;
  write(button, `${moved} ${moved === 1 ? "row" : "rows"} would move – refresh`);
}

async function refresh() {
  try {
    const answer = await fetch(body.dataset.live, { headers: { Accept: "application/json" }, cache: "no-cache" });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(`the controller answered ${answer.status}`);
    const served = Date.parse(answer.headers.get("Date")) || Date.now();
    draw(await answer.json(), served);
    failures = 0;
    say(`Live, as of ${new Date().toLocaleTimeString("en-GB")}`, "");
  } catch {
    failures++;
    say("No answer from the controller: the figures below are old. Trying again", "broken");
  }
  next();
}

function say(text, state) {
  write(bar.querySelector("[data-live-said]"), text);
  bar.className = `live ${state}`;
}

function next() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  timer = setTimeout(refresh, Number(body.dataset.every) * Math.min(2 ** failures, 16));
}

localise();
if (body.dataset.live && bar) {
  bar.hidden = false;
  const button = bar.querySelector("[data-live-pause]");
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    write(button, paused ? "Go on" : "Pause");
    say(paused ? "Paused" : "Live", paused ? "paused" : "");
    if (paused) clearTimeout(timer); else refresh();
  });
  document.querySelector("[data-changed]")?.addEventListener("click", () => location.reload());
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : paused || refresh()));
  next();
}
