// Returns whether a document has an element that its fragment names, whether it runs scripts, and what readers see of it.
() => {
  const fragment = location.hash.slice(1), decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  const names = (name) => document.getElementById(name) || document.querySelector(`a[name="${CSS.escape(name)}"]`);
  const { body, activeElement } = document, open = document.querySelectorAll("[open], [aria-expanded=true], [aria-selected=true], .active").length;
  return {
    named: !fragment || [fragment, decode(fragment)].some(names), scripts: document.scripts.length > 0,
    seen: [body.innerText, scrollX, scrollY, activeElement?.outerHTML, open, location.pathname, document.title],
  };
}
