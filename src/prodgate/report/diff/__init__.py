"""What changed between two runs, as text, Markdown, a page and JSON."""
