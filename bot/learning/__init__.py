"""Learning as Slack's side sees it: retrains started and reported, the trial, gaps and verified answers."""
