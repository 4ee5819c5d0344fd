// Reads a feed on standard input with ical.js and writes what it understood as JSON.
import ICAL from "ical.js";

ICAL.design.strict = true;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendar = new ICAL.Component(ICAL.parse(Buffer.concat(chunks).toString("utf-8")));
const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    start: event.startDate.toString(),
    end: event.endDate.toString(),
    instants: [event.startDate, event.endDate].map((at) => (at.isDate ? null : at.toUnixTime())),
    summary: event.summary,
    description: event.description,
  };
});
process.stdout.write(JSON.stringify(events));
