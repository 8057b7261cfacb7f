"""What a team writes: its criteria, its waivers and the sections about its system, validated whole."""
