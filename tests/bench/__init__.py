"""`make bench`: the gateway against bare frameworks, side by side in one run. See README.md."""
