"""What pages show in fenced blocks is read as its users read it, or says why not."""
