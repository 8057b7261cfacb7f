// Times are written in UTC or Japan's time; where the browser knows the reader's own, they are told in that.
"use strict";
const language = document.documentElement.lang || "en";
const form = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const there = new Date(time.dateTime);
  if (!Number.isNaN(there.getTime())) {
    time.title = time.textContent;
    time.textContent = form.format(there);
  }
}
