"""The changes between two runs, as text, Markdown, a page and JSON."""
