#!/usr/bin/env bash
# Takes the deployment of one component back. Usage: scripts/roll_back.sh COMPONENT, in the directory of the release, where
# release.json, COMPONENT.before (the task definition that ran) and COMPONENT.deployment (the deployment's id) are.
#
# While a deployment runs, CodeDeploy stops it and puts the traffic back on the old tasks. Once it has succeeded they are
# gone, and what ran before is deployed again. One that has failed, CodeDeploy has rolled back.
set -euo pipefail

if [ ! -s "$1.deployment" ]; then
    echo "$1: nothing was deployed"
    exit 0
fi
id=$(cat "$1.deployment")
status=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.status --output text)

case $status in
Failed | Stopped)
    echo "$1: $id is $status; CodeDeploy has put the traffic back"
    ;;
Succeeded)
    again=$(jq -e --arg component "$1" --arg before "$(cat "$1.before")" '
        .deployments[$component] | .revision.appSpecContent.content |=
        (fromjson | .Resources[0].TargetService.Properties.TaskDefinition = $before | tojson)' release.json)
    aws deploy create-deployment --cli-input-json "$again" --description "takes $id back"
    ;;
*)
    aws deploy stop-deployment --deployment-id "$id" --auto-rollback-enabled
    ;;
esac
