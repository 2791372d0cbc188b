"""The demo: a cluster's life with a real app, each step proven by asking the app itself.

Flow: `command` sets the scene (`scene`: devcluster or the user's own cluster, operator, package server), `story` tells the steps on a
`stage` (what a user can do with kubectl), an app's probe (`dask`) runs programs inside pods, a `board` collects what happened, and `plain`
or `live` show it. `report` has the last word.
"""
