"""A project that git holds."""

CRITERIA = """system = "shop"

[terraform]
root = "infra"

[criteria.truth]
statement = { en = "It is ready.", ja = "準備ができている。" }
why = "It is not, unless somebody says so."
source = "X-1"
layers = ["static"]
"""
