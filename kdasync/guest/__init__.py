"""What goes into a pod and what comes back: configmeta, bundle, launcher, results, configcli."""
