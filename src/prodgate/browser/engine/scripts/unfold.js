// Lets everything load that waits until it comes near the window: by its attribute at once, by scripts as one scrolls past.
async (most) => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  for (const each of within(document).filter((one) => one.matches("img[loading=lazy], iframe[loading=lazy]"))) each.loading = "eager";
  const last = () => document.documentElement.scrollHeight - innerHeight;
  for (let screen = 1; screen <= most && scrollY + 1 < last(); screen += 1) {
    scrollTo({ top: screen * innerHeight, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  scrollTo({ top: 0, behavior: "instant" });
}
