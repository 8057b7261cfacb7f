# how long things are kept
keep = {
  backups = 7
}
