// Returns where the links of a document lead and what they say of themselves, also those within shadow roots, in image maps and in drawings;
// and the forms that send over plain HTTP, each with its method and without its query.
() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  const links = [];
  for (const each of within(document).filter((one) => one.matches("a[href], area[href], a[*|href]"))) {
    const stated = typeof each.href === "string" ? each.href : each.href.baseVal, { href } = URL.parse(stated, document.baseURI) ?? {};
    const text = (each.innerText || each.getAttribute("aria-label") || each.getAttribute("alt") || each.textContent || "").trim();
    if (/^https?:/.test(href)) links.push({ url: href.split("#")[0], text: text.replace(/\s+/g, " ").slice(0, 80), told: __prodgate.describe(each) });
  }
  const upgraded = document.querySelector("meta[http-equiv=content-security-policy i][content*=upgrade-insecure-requests i]");
  const forms = within(document).filter((one) => !upgraded && one.matches("form[action], [formaction]")).flatMap((each) => {
    const { origin, pathname, protocol } = URL.parse(each.getAttribute("formaction") ?? each.getAttribute("action"), document.baseURI) ?? {};
    const method = (each.getAttribute("formmethod") ?? (each.form ?? each).getAttribute("method") ?? "get").toUpperCase();
    return protocol === "http:" && method !== "DIALOG" ? [`${method} ${origin}${pathname}`] : [];
  });
  return JSON.stringify({ links, forms }); // which is ten times as fast as letting the values be taken apart
}
