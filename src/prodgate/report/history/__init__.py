"""The runs of a folder on one page: a night that is missing is undetermined."""
