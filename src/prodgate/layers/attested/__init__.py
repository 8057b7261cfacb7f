"""The attested layer: what only people can say, recorded, dated and in force."""
