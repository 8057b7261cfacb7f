"""The sample site: NBA news in English and Japanese, the application that a rehearsal loads, browses and deploys."""
