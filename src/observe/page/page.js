// What the guard sees, as it sees it. Everything that comes from it may have been written by a stranger: it is put
// on the page as text (textContent), never as markup.
"use strict";

const KEPT_S = 600, SHOWN_S = 120, MINUTE_S = 60, SLOW_MS = 10000;
// A guard that was started again is back soon; one that is gone is not asked for often.
const RETRY_FIRST_MS = 1000, RETRY_MOST_MS = 10000;
const NEAR = 0.9;
// The list has a wave some seconds after the stream has told of it: who came is summed up first.
const LIST_TRIES = 5;

const byId = (id) => document.getElementById(id);
const count = (n) => Math.round(n).toLocaleString("en");
const clock = (time) => new Date(time * 1000).toLocaleTimeString("en-GB");

// A list of seconds for each column; a column that is not known is null throughout.
let samples = { time: [], served: [], waiting: [], limit: [], gate: [], arrivals: [], bans: [], would: [], ended: [] };
const TOTALS = ["arrivals", "bans", "would", "ended"];
let before = null, latest = null, observing = false;

// Numbers that came as what each is more than the one before.
function summed(column) {
	let sum = 0;
	return column?.map((n) => n === null ? null : sum += n);
}

// Columns as objects; a column that is null, as null of each.
const rowsOf = (columns, first) => columns[first].map((_, i) =>
	Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column?.[i] ?? null])));

function element(name, text, className) {
	const made = document.createElement(name);
	if (text !== undefined)
		made.textContent = text;
	if (className)
		made.className = className;
	return made;
}

// Screen readers say what changes here, so that only what is new is set.
function say(id, text, alarm) {
	const place = byId(id);
	if (place.textContent !== text)
		place.textContent = text;
	place.classList.toggle("alarm", Boolean(alarm));
}

// Bans of a guard that only observes would be; one that guards may follow it, on the same page.
function meant(sample) {
	return observing ? { ...sample, bans: null, would: sample.would ?? sample.bans } : { ...sample, would: null };
}

function add(told) {
	const sample = meant(told);
	if (latest && sample.time <= latest.time && sample.time > latest.time - MINUTE_S) {
		// The stream begins with the last of the columns, and says more of it.
		if (sample.time === latest.time)
			latest = sample;
		return;
	}
	if (latest && sample.time < latest.time) {
		// The clock was set back.
		latest = null;
		for (const name of Object.keys(samples))
			samples[name] = [];
	}
	before = latest;
	latest = sample;
	for (const name of Object.keys(samples)) {
		let value = sample[name] ?? null;
		if (TOTALS.includes(name))
			value = value !== null && (before?.[name] ?? null) !== null
				? Math.max(0, (value - before[name]) / (sample.time - before.time)) : null;
		samples[name].push(value);
	}
	while (samples.time[0] < sample.time - KEPT_S)
		for (const column of Object.values(samples))
			column.shift();
}

// The tiles and sentences

const last = (name) => samples[name].at(-1);
const isKnown = (column) => Boolean(column?.some((n) => n !== null));
const highest = (name) => samples[name].reduce((most, n) => Math.max(most, n ?? 0), 0);

function putTiles(id, tiles) {
	byId(id).replaceChildren(...tiles.filter(([, n]) => n !== null && n !== undefined).map(([name, n]) => {
		const tile = element("div");
		tile.append(element("dt", name), element("dd", count(n)));
		return tile;
	}));
}

function showTiles() {
	putTiles("tiles", [
		["served", latest.served], ["waiting", latest.waiting], ["limit", latest.limit],
		[observing ? "would be banned" : "banned", latest.banned], ["new a second", last("arrivals")],
		["ended a second", last("ended")], ["sessions at the gate", latest.gate],
	]);
}

function showState() {
	const share = latest.limit ? ((latest.served ?? 0) + (latest.waiting ?? 0)) / latest.limit : 0;
	if (latest.served === null)
		say("state", "The kernel does not tell how many connections there are.", true);
	else if (share >= NEAR)
		say("state", "The mail server is near its limit.", true);
	else if (latest.wave)
		say("state", "A wave is under way, and the mail server has room.", true);
	else
		say("state", latest.limit ? "The mail server has room." : "The limit of the mail server is not known.");
}

function showSentences() {
	const minutes = Math.ceil(samples.time.length / 60);
	const rates = [["arrivals", "new connections"], ["would", "would-be bans"], ["bans", "bans"],
		["ended", "connections ended"]]
		.filter(([name]) => isKnown(samples[name])).map(([name, words]) => `${count(highest(name))} ${words}`);

	say("curve-says", !isKnown(samples.served) ? "How many connections there are is not known." :
		`In the last ${minutes === 1 ? "minute" : `${minutes} minutes`} at most ` +
		`${count(highest("served"))} connections served` + (latest.limit ? ` of ${count(latest.limit)}` : "") +
		`, at most ${count(highest("waiting"))} waiting` +
		(latest.served === null ? "." : `; now ${count(latest.served)} and ${count(latest.waiting)}.`));
	say("rates-says", rates.length ? `At most ${new Intl.ListFormat("en-GB").format(rates)} in a second.` : "");
}

function row(cells, head) {
	const made = element("tr");
	cells.forEach((cell, i) => {
		const made_cell = element(head || i === 0 ? "th" : "td", cell);
		if (head || i === 0)
			made_cell.scope = head ? "col" : "row";
		made.append(made_cell);
	});
	return made;
}

const MINUTE = [["served", "Served"], ["waiting", "Waiting"], ["limit", "Limit"], ["gate", "At the gate"],
	["arrivals", "New"], ["would", "Would-be bans"], ["bans", "Bans"], ["ended", "Ended"]];

// Not each second: who reads it would lose the place.
function showMinute() {
	const known = MINUTE.filter(([name]) => last(name) !== null);
	const rows = samples.time.slice(-MINUTE_S).map((time, i, all) => {
		const at = samples.time.length - all.length + i;
		return row([clock(time), ...known.map(([name]) =>
			samples[name][at] === null ? "" : count(samples[name][at]))]);
	});
	byId("minute").replaceChildren(row(["Time", ...known.map(([, title]) => title)], true), ...rows.reverse());
}

// The curves; a build without uPlot has none, and the table says the same

const charts = new Map();
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Of the columns that `columns` returns, those of which something is known; of the last `span` seconds at the least.
function chart(id, height, all, columns, span) {
	const place = byId(id);
	const known = () => all.filter(([name]) => isKnown(columns()[name])), lines = known();
	const isStale = () => known().map(([name]) => name).join() !== lines.map(([name]) => name).join();
	const axis = () => ({ stroke: () => ink("faint"), grid: { stroke: () => ink("line"), width: 1 },
		ticks: { stroke: () => ink("line"), width: 1 } });
	const options = {
		width: place.clientWidth || 300, height,
		padding: [null, 30, null, null], // half of the last time
		cursor: { drag: { x: false, y: false } },
		scales: { x: { range: (u, min, max) => [Math.min(min, max - span), max] },
			y: { range: (u, min, max) => [0, Math.max(5, max * 1.1)] } },
		axes: [{ ...axis(), space: 80, incrs: [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 10800],
			values: (u, times) => times.map(clock) }, { ...axis(), size: 55 }],
		series: [{ value: (u, t) => t === null ? "–" : clock(t), label: "time" },
			...lines.map(([, label, colour, more]) => ({ label, stroke: () => ink(colour), width: 2, spanGaps: false,
				points: { show: false }, value: (u, n) => n === null ? "–" : count(n), ...more }))],
	};
	const data = () => [columns().time, ...lines.map(([name]) => columns()[name])];
	removeChart(id);
	const plot = new uPlot(options, data(), place);
	const sizes = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height }));
	sizes.observe(place);
	charts.set(id, { plot, data, sizes, isStale });
}

function removeChart(id) {
	charts.get(id)?.sizes.disconnect();
	charts.get(id)?.plot.destroy();
	charts.delete(id);
}

// Again when the colours change: uPlot asks for those of its legend once.
function makeCharts() {
	if (typeof uPlot === "undefined") {
		byId("curve").textContent = "This wavebreak was built without uPlot, which draws the curve. The table below has " +
			"the figures.";
		byId("rates").hidden = byId("wave-curve").hidden = byId("licence").hidden = true;
		return;
	}
	chart("curve", 300, [
		["served", "served", "served"],
		["waiting", "waiting", "waiting", { dash: [2, 3] }],
		["gate", "at the gate", "gate", { dash: [12, 3, 3, 3] }],
		["limit", "limit", "limit", { dash: [10, 6] }],
	], () => samples, SHOWN_S);
	chart("rates", 160, [
		["arrivals", "new", "served"],
		["would", "would-be bans", "waiting", { dash: [12, 3, 3, 3] }],
		["bans", "bans", "banned", { dash: [6, 3] }],
		["ended", "ended", "limit", { dash: [2, 3] }],
	], () => samples, SHOWN_S);
	drawWave();
}

function draw() {
	const shown = [charts.get("curve"), charts.get("rates")].filter(Boolean);
	if (shown.some(({ isStale }) => isStale()))
		makeCharts();
	else
		for (const { plot, data } of shown)
			plot.setData(data());
}

// What changes slowly

async function ask(path) {
	const answer = await fetch(path, { cache: "no-store" });
	if (!answer.ok)
		throw new Error((await answer.text()).trim());
	return answer.json();
}

function zoneTrouble(zone) {
	const found = [["IPv4", zone.state, zone.trouble], ["IPv6", zone.state6, zone.trouble6]]
		.filter(([, state]) => state === "out").map(([family, , trouble]) => `${family}: ${trouble}`);
	return found.length ? found.join("; ") : zone.state === "untried" ? "not tried yet" : "believed";
}

function showZones(zones) {
	byId("zones").hidden = !zones;
	if (!zones)
		return;
	byId("zone-table").replaceChildren(row(["List", "State", "Weight", "ms", "Asked", "Listed", "Decided"], true),
		...zones.map((zone) => {
			const made = row([zone.zone, zoneTrouble(zone), zone.weight, zone.latency_ms,
				...[zone.asked, zone.listed, zone.decided].map(count)]);
			made.children[1].className = zone.state === "out" || zone.state6 === "out" ? "bad" : "well";
			return made;
		}));
}

function healthOf(status) {
	const { store, counters, logs } = status;
	return [
		...logs.map((log) => [log.open, log.open ? `Follows ${log.path}` : `Waits for ${log.path}, which is not there`]),
		[(store.open || observing) && !store.failing,
			store.failing ? "Writing to the store fails: bans hold, but not over a restart"
				: store.open ? "The store works" : observing ? "Nothing is kept: the guard only observes"
				: "There is no store: bans do not outlive a restart"],
		[counters.kernel_errors === 0, `The kernel refused ${count(counters.kernel_errors)} requests`],
		[counters.worker_restarts + counters.gate_restarts === 0,
			`${count(counters.worker_restarts + counters.gate_restarts)} processes had to be started again`],
		[status.landlock && status.seccomp, status.landlock && status.seccomp ? "Confined by Landlock and seccomp"
			: "The kernel lacks Landlock or seccomp"],
	];
}

function showStatus({ status, zones, acts }) {
	byId("act").hidden = !acts;
	say("mode", `${status.mode} ${status.mail_server ?? "by the log alone"}, version ${status.version}, since ` +
		new Date(status.started * 1000).toLocaleString());
	byId("health").replaceChildren(...healthOf(status).map(([well, text]) => element("li", text, well ? "well" : "bad")));
	showZones(zones);
}

async function slowly() {
	try {
		showStatus(await ask("status.json"));
		await lookAtWaves();
	} catch {
		// The stream says that the guard is gone.
	}
	if (latest && document.querySelector("details").open)
		showMinute();
}

// The waves: a link each, so that one can be sent to somebody else as it stands in the address

// The one that is open; those of the list, and whether there is one.
let wave = null, waves = [], recorded = false;

const begun = (time) => new Date(time * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const atLeast = ({ at_least }) => at_least ? "at least " : "";

function span(seconds) {
	const minutes = Math.floor(seconds / 60) % 60, hours = Math.floor(seconds / 3600);
	return [hours && `${hours} h`, minutes && `${minutes} min`, seconds % 60 && `${seconds % 60} s`].filter(Boolean)
		.join(" ") || "0 s";
}

function saidOf(one) {
	return `${begun(one.begin)}, ${one.goes_on ? "goes on" : span(one.end - one.begin)}: ` +
		`at most ${count(one.peak_open)} open` + (one.limit ? ` of ${count(one.limit)}` : "") +
		(one.clients ? `, ${atLeast(one)}${count(one.clients)} sources` : "");
}

const linkOf = (one) => `#wave-${one.begin}`;

// Of the one that lasts the stream knows more.
function sayWave(link, one) {
	const lasting = latest?.wave;
	const text = saidOf(one.goes_on && lasting?.begin === one.begin
		? { ...one, peak_open: Math.max(one.peak_open, lasting.peak_open) } : one);
	if (link.textContent !== text)
		link.textContent = text;
}

// What is the same stays, so that whoever is at a link by keyboard is not sent away.
async function listWaves() {
	const answer = await ask("waves.json"), list = byId("wave-list");
	recorded = answer.recorded;
	waves = rowsOf(answer.waves, "begin");
	say("waves-say", waves.length ? "The latest come first. One opens its curve and its figures."
		: recorded ? "None was recorded yet." : "None is recorded: there is no history, or no wave is looked for.");
	const links = new Map([...list.querySelectorAll("a")].map((link) => [link.hash, link]));
	const wanted = waves.map((one) => {
		const link = links.get(linkOf(one)) ?? element("a");
		link.href = linkOf(one);
		sayWave(link, one);
		return link;
	});
	if (wanted.length === links.size && wanted.every((link) => link.parentNode))
		return;
	const at = document.activeElement;
	list.replaceChildren(...wanted.map((link) => {
		const item = element("li");
		item.append(link);
		return item;
	}));
	if (wanted.includes(at))
		at.focus();
	markWave();
}

async function lookAtWaves() {
	await listWaves();
	if (wave && latest && wave.end > latest.time - KEPT_S)
		await showWave();
}

let followed = null, tries = 0;

// The stream tells of begin and end: then the list is asked for, and not before.
function followWave() {
	const lasting = latest.wave?.begin ?? null, listed = waves.find((one) => one.goes_on);
	if (lasting !== followed)
		tries = LIST_TRIES;
	followed = lasting;
	if ((listed?.begin ?? null) === lasting)
		tries = 0;
	if (tries > 0 && recorded) {
		tries--;
		lookAtWaves().catch(() => { /* The stream says that the guard is gone. */ });
	}
	const link = listed && [...byId("wave-list").querySelectorAll("a")].find(({ hash }) => hash === linkOf(listed));
	if (link)
		sayWave(link, listed);
}

function markWave() {
	for (const link of byId("wave-list").querySelectorAll("a"))
		if (link.hash === location.hash)
			link.setAttribute("aria-current", "true");
		else
			link.removeAttribute("aria-current");
}

function drawWave() {
	removeChart("wave-curve");
	if (!wave || typeof uPlot === "undefined")
		return;
	chart("wave-curve", 260, [
		["open", "open", "served"],
		["without", "without the guard (estimate)", "banned", { dash: [6, 3] }],
		["limit", "limit", "limit", { dash: [10, 6] }],
	], () => wave.curve, 0);
}

function waveTable(title, head, rows, named) {
	const place = element("div", undefined, "wide"), table = element("table", undefined, named ? "named" : "");
	place.tabIndex = 0;
	place.setAttribute("role", "region");
	place.setAttribute("aria-label", title);
	table.append(element("caption", title), row(head, true), ...rows.map((cells) => row(cells)));
	place.append(table);
	return place;
}

function showSources(sources) {
	const { clients, told, evicted, relieved } = sources, share = (n) => `${count(n)} (${count(n / clients * 100)} %)`;
	const counts = (one) => [one.connections, one.told, one.evicted].map(count);
	const of = ["Connections", "Told 5xx", "Evicted"];
	const places = (one) => [one.name ?? "", count(one.clients), count(one.told)];
	const told_of = ["Name", "Clients", "Told 5xx"];
	say("sources-say", `Of ${atLeast(sources)}${count(clients)} distinct clients ${share(told)} were told 5xx, ` +
		`${share(evicted)} were evicted, ${share(relieved)} ended near the limit.`);
	byId("wave-tables").replaceChildren(
		waveTable("Worst networks", ["Network", "Clients", ...of],
			sources.worst_networks.map((one) => [one.network, count(one.clients), ...counts(one)])),
		waveTable("Worst clients", ["Client", ...of], sources.worst_clients.map((one) => [one.client, ...counts(one)])),
		...sources.countries ? [waveTable(`Countries (known of ${count(sources.with_country)} clients)`,
			["Country", ...told_of], sources.countries.map((one) => [one.country, ...places(one)]), true)] : [],
		...sources.asns ? [waveTable(`Holders of networks (known of ${count(sources.with_asn)} clients)`,
			["AS", ...told_of], sources.asns.map((one) => [`AS${one.asn}`, ...places(one)]), true)] : []);
}

async function showWave() {
	const [, begin] = location.hash.match(/^#wave-(\d+)$/) ?? [];
	const found = begin ? await ask(`wave.json?begin=${begin}`) : null;
	// Another one may have been asked for meanwhile.
	if (begin && location.hash !== `#wave-${begin}`)
		return;
	wave = found;
	if (wave)
		wave.curve.time = summed(wave.curve.time);
	byId("wave").hidden = !wave;
	markWave();
	drawWave();
	if (!wave)
		return;
	say("wave-title", `The wave of ${begun(wave.begin)}`);
	const { peak_open, held_s } = wave.estimate_without;
	say("wave-says", `At most ${count(wave.peak_open)} connections open${wave.limit ? ` of ${count(wave.limit)}` : ""}, ` +
		`at ${clock(wave.peak)}. An estimate: ${count(peak_open)} without the guard, had each connection that was ` +
		`evicted, or dropped because its client was banned, stayed ${held_s} s.`);
	putTiles("wave-tiles", [["new connections", wave.arrivals], ["a second at most", wave.peak_rate],
		["offences", wave.offences], ["bans", wave.bans], ["evicted", wave.evictions],
		["dropped while banned", wave.dropped]]);
	say("sources-say", "Who came is not counted yet.");
	byId("wave-tables").replaceChildren();
	if (wave.sources)
		showSources(wave.sources);
}

async function openWave() {
	try {
		await showWave();
		if (wave)
			byId("wave-title").focus();
	} catch (error) {
		byId("wave").hidden = true;
		say("waves-say", error.message || "The guard does not answer.", true);
	}
}

// The stream: each second

let retry_ms = RETRY_FIRST_MS;

function follow() {
	const stream = new EventSource("live");
	stream.onopen = () => {
		retry_ms = RETRY_FIRST_MS;
		say("link", "Live");
	};
	stream.onmessage = ({ data }) => {
		add(JSON.parse(data));
		showTiles();
		showState();
		showSentences();
		draw();
		followWave();
	};
	stream.onerror = () => {
		say("link", "Not connected: the guard is gone, or too many watch already. Trying again …", true);
		stream.close();
		setTimeout(connect, retry_ms);
		retry_ms = Math.min(2 * retry_ms, RETRY_MOST_MS);
	};
}

async function connect() {
	try {
		const answer = await ask("samples.json"), columns = answer.samples;
		observing = answer.observing;
		for (const name of ["time", ...TOTALS])
			columns[name] = summed(columns[name]);
		for (const sample of columns.time ? rowsOf(columns, "time") : [])
			add({ ...sample, limit: answer.limit });
		makeCharts();
		if (latest)
			showSentences();
		slowly();
	} catch {
		// The stream says so.
	}
	follow();
}

// One address

byId("search").addEventListener("submit", async (event) => {
	event.preventDefault();
	const answer = byId("answer"), address = byId("address").value.trim();
	try {
		const found = await ask(`explain.json?address=${encodeURIComponent(address)}`);
		answer.replaceChildren(element("pre", found.text));
	} catch (error) {
		answer.replaceChildren(element("p", error.message || "The guard does not answer.", "alarm"));
	}
});

// What changes something is asked for twice: the first press says what the second does. The token is kept nowhere.
let asked = null;

byId("act").addEventListener("submit", async (event) => {
	event.preventDefault();
	const verb = event.submitter?.value ?? "ban", address = byId("address").value.trim();
	const wanted = `${verb} ${address}`;
	if (asked !== wanted) {
		asked = wanted;
		say("done", `Press it again to ${wanted}.`);
		return;
	}
	asked = null;
	try {
		const answer = await fetch(`${verb}.json?address=${encodeURIComponent(address)}`,
			{ method: "POST", headers: { Authorization: `Bearer ${byId("token").value}` } });
		if (!answer.ok)
			throw new Error((await answer.text()).trim());
		say("done", `Done: ${wanted}.`);
		byId("search").requestSubmit();
	} catch (error) {
		say("done", error.message || "The guard does not answer.", true);
	}
});

document.querySelector("details").addEventListener("toggle", () => latest && showMinute());
addEventListener("hashchange", openWave);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", makeCharts);
makeCharts();
connect();
openWave();
setInterval(slowly, SLOW_MS);
