#!/bin/bash
# Starts Jupyter as the user jovyan, whoever starts this, as the official image does. Its server reads the configuration
# that notebooks are given.
set -e
command=(python3 -m jupyter_server --config ~/.jupyter/jupyter_notebook_config.py "$@")
echo "Starting Jupyter for ${DOCKER_STACKS_JUPYTER_CMD:-lab}."
if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid 1000 --regid 100 --clear-groups env HOME=/home/jovyan "${command[@]}"
fi
exec "${command[@]}"
