// Returns the fields that a person can type into, or one element of each kind that can be pressed without sending a form.
(kind) => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  // what is kept out of sight until it has the focus, such as a link that skips to the content, can't be pressed
  const there = ({ width, height, right, bottom }) => width > 1 && height > 1 && right + scrollX > 0 && bottom + scrollY > 0;
  const usable = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && there(each.getBoundingClientRect()) && !each.matches(":disabled, [readonly], [aria-disabled=true]") && !each.closest("[inert]");
  const every = within(document);
  const all = (selector) => every.filter((each) => each.matches(selector) && usable(each));
  if (kind === "fields") {
    const typed = ["text", "search", "email", "url", "tel", "password"];
    return all("textarea, [contenteditable]:not([contenteditable=false]), input").filter((each) => {
      return each.localName !== "input" || typed.includes(each.type);
    });
  }
  const sends = (each) => each.form && ["submit", "reset", "image"].includes(each.type);
  const first = (selector, most = 1) => all(selector).filter((each) => !sends(each)).slice(0, most);
  const chosen = [
    ...first("h1, h2, p"), ...first("summary"), ...first("button, input[type=button]", 2),
    ...first("[role=button], [role=tab], [role=switch], [onclick]"), ...first("input[type=checkbox], input[type=radio]"),
    ...[...first("main a[href]:not([target], [download])"), ...first("a[href]:not([target], [download])")].slice(0, 1),
  ];
  return [...new Set(chosen)];
}
