// Reads a calendar on standard input and writes, as JSON, what ical.js makes of each of its zones: the
// UTC instants (seconds since 1970) of local times a step apart.
// Arguments: the first local time, in seconds as if it were UTC, the seconds of a step, how many.
import ICAL from "ical.js";

ICAL.design.strict = true;
const [from, step, count] = process.argv.slice(2).map(Number);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendar = new ICAL.Component(ICAL.parse(Buffer.concat(chunks).toString("utf-8")));
const found = {};
for (const component of calendar.getAllSubcomponents("vtimezone")) {
  const zone = new ICAL.Timezone(component);
  found[zone.tzid] = Array.from({ length: count }, (_, number) => {
    const time = ICAL.Time.fromJSDate(new Date((from + number * step) * 1000), true);
    time.zone = zone;
    return time.toUnixTime();
  });
}
process.stdout.write(JSON.stringify(found));
