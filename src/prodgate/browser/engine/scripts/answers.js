// Returns the fields that a person can type into, or one element of each kind that can be pressed without sending a form.
(kind) => {
  const usable = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && each.getClientRects().length && !each.matches(":disabled, [readonly], [aria-disabled=true]") && !each.closest("[inert]");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(usable);
  if (kind === "fields") {
    return all("textarea, [contenteditable='true'], input:not([type]), input[type=text], input[type=search], input[type=email], "
      + "input[type=url], input[type=tel]");
  }
  const sends = (each) => each.form && (each.type === "submit" || each.type === "reset" || each.type === "image");
  const first = (selector, most) => all(selector).filter((each) => !sends(each)).slice(0, most);
  const chosen = [
    ...first("h1, h2, p", 1), ...first("summary", 1), ...first("button, input[type=button]", 2),
    ...first("[role=button], [role=tab], [role=switch], [onclick]", 1), ...first("input[type=checkbox], input[type=radio]", 1),
    ...first("main a[href], a[href]", 1),
  ];
  return [...new Set(chosen)];
}
