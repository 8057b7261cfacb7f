"""What somebody at the site's address sees of it, with a browser and without one."""
