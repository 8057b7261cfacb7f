// Returns whether a page shows nothing at all, and whether it asks somebody to sign in.
() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  const every = within(document), seen = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const holders = "img, svg, canvas, video, object, embed, iframe, frame, input, button, select, textarea";
  const told = [document.body, ...every.filter((each) => each.shadowRoot)].some((each) => (each?.innerText ?? "").trim())
    || every.some((each) => each.shadowRoot && [...each.shadowRoot.children].some((one) => (one.innerText ?? "").trim()));
  const signs = "input[type=password], input[autocomplete~=username], input[autocomplete~=current-password], input[autocomplete~=webauthn]";
  return {
    blank: !told && window.__prodgate.fcp === null && !every.some((each) => each.matches(holders) && seen(each)),
    asks: every.some((each) => each.matches(signs) && seen(each)),
  };
}
