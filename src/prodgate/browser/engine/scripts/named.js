// Resolves to which of these addresses of this origin name an element of the document as the site sends it.
async ([urls, patience, budget]) => {
  const sent = {}, found = [], until = performance.now() + budget;
  const decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  for (const [url, page, fragment] of urls.map((each) => [each, ...each.split(/#(.*)/s)])) {
    if (!(page in sent) && performance.now() < until) {
      const asked = fetch(page, { signal: AbortSignal.timeout(patience), credentials: "omit" });
      sent[page] = await asked.then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, "text/html")).catch(() => null);
    }
    const names = (name) => sent[page].getElementById(name) || sent[page].querySelector(`a[name="${CSS.escape(name)}"]`);
    if (sent[page] && [fragment, decode(fragment)].some(names)) found.push(url);
  }
  return found;
}
