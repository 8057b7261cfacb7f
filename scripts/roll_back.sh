#!/usr/bin/env bash
# Takes one deployment of CodeDeploy back. Usage: scripts/roll_back.sh FILE, which holds the id of the deployment.
#
# While it runs, CodeDeploy stops it and puts the traffic back on the old tasks. Once it has succeeded they are gone, and
# the revision that was deployed before it is deployed again. One that failed has been rolled back by CodeDeploy.
set -euo pipefail

if [ ! -s "$1" ]; then
    echo "$1: nothing was deployed"
    exit 0
fi
id=$(<"$1")
about=$(aws deploy get-deployment --deployment-id "$id" --output json --query deploymentInfo)
status=$(jq -er .status <<<"$about")

case $status in
Failed | Stopped)
    echo "$id: $status; CodeDeploy has put the traffic back"
    ;;
Succeeded)
    # CodeDeploy keeps, with each deployment, the revision that it replaced.
    again=$(jq -e '{applicationName, deploymentGroupName, revision: .previousRevision}' <<<"$about")
    aws deploy create-deployment --cli-input-json "$again" --description "Takes $id back"
    ;;
*)
    aws deploy stop-deployment --deployment-id "$id" --auto-rollback-enabled
    ;;
esac
