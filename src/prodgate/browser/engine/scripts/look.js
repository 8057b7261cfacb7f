// Returns how wide the page is, what sticks out, where its links lead, and what it says of itself.
([width, build]) => {
  const inner = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (getComputedStyle(one).overflowX !== "visible") return true;
    }
    return false;
  };
  const needed = document.documentElement.scrollWidth;
  const beyond = needed <= width ? [] : [...document.body.querySelectorAll("*")].filter((each) => {
    const box = each.getBoundingClientRect();
    const right = Math.max(box.right, box.left + each.scrollWidth);
    return box.width && right + scrollX > width + 1 && !inner(each);
  });
  const links = new Map();
  for (const each of document.querySelectorAll("a[href]")) {
    const text = (each.innerText || each.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 80);
    if (/^https?:/.test(each.href)) links.set(each.href.split("#")[0], text);
  }
  return {
    needed, beyond: beyond.slice(-3).map((each) => each.outerHTML.slice(0, 160)),
    links: [...links].map(([url, text]) => ({ url, text })),
    title: document.title, language: document.documentElement.lang,
    build: build ? document.querySelector(`meta[name="${CSS.escape(build)}"]`)?.content ?? "" : "",
  };
}
