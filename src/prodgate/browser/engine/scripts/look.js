// Returns how wide the page is, what sticks out, and what it says of itself.
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
  return {
    needed, beyond: beyond.slice(-3).map((each) => each.outerHTML.slice(0, 160)),
    title: document.title, language: document.documentElement.lang,
    build: build ? document.querySelector(`meta[name="${CSS.escape(build)}"]`)?.content ?? "" : "",
  };
}
