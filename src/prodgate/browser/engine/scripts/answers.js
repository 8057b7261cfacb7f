// Returns the fields that a person can type into, or what can be pressed without sending a form, and of which kind each is.
(what) => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  // what is kept out of sight until it has the focus, such as a link that skips to the content, can't be pressed
  const there = ({ width, height, right, bottom }) => width > 1 && height > 1 && right + scrollX > 0 && bottom + scrollY > 0;
  const usable = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && there(each.getBoundingClientRect()) && !each.matches(":disabled, [readonly], [aria-disabled=true]") && !each.closest("[inert]");
  const every = within(document);
  const all = (selector) => every.filter((each) => each.matches(selector) && usable(each));
  const kinds = [], found = Object.assign([], { told: () => found.map((each, at) => [kinds[at], __prodgate.describe(each)]) });
  const add = (kind, elements) => {
    for (const each of elements.filter((one) => !found.includes(one)).slice(0, 20)) { found.push(each); kinds.push(kind); }
  };
  if (what === "fields") {
    const typed = ["text", "search", "email", "url", "tel", "password"];
    add("field", all("textarea, [contenteditable]:not([contenteditable=false]), input").filter((each) => {
      return each.localName !== "input" || typed.includes(each.type);
    }));
    return found;
  }
  const sends = (each) => each.form && ["submit", "reset", "image"].includes(each.type);
  const pressed = (selector) => all(selector).filter((each) => !sends(each));
  add("text", pressed("h1, h2, p"));
  add("summary", pressed("summary"));
  add("button", pressed("button, input[type=button]"));
  add("acting", pressed("[role=button], [role=tab], [role=switch], [onclick]"));
  add("box", pressed("input[type=checkbox], input[type=radio]"));
  add("link", [...pressed("main a[href]:not([target], [download])"), ...pressed("a[href]:not([target], [download])")]);
  return found;
}
