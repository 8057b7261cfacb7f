"""A team's files: its criteria, its waivers and the sections about its system, validated as a whole."""
