#!/usr/bin/env bash
# Takes the deployment of one component back. Usage: scripts/roll_back.sh COMPONENT, in the directory of the release, where
# release.json, COMPONENT.before (the task definition that ran) and COMPONENT.deployment (the deployment's id) are. The id of
# the deployment that brings the earlier version back goes to COMPONENT.back.
#
# While a deployment runs, CodeDeploy stops it and puts the traffic back on the old tasks. Once it has succeeded they are
# gone, and what ran before is deployed again. One that has failed, CodeDeploy rolls back by itself.
set -euo pipefail

if [ ! -s "$1.deployment" ]; then
    echo "$1: nothing was deployed"
    exit 0
fi
id=$(cat "$1.deployment")
status=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.status --output text)

case $status in
Succeeded)
    again=$(jq -e --arg component "$1" --arg before "$(cat "$1.before")" '
        .deployments[$component] | .revision.appSpecContent.content |=
        (fromjson | .Resources[0].TargetService.Properties.TaskDefinition = $before | tojson)' release.json)
    aws deploy create-deployment --cli-input-json "$again" --description "takes $id back" --query deploymentId --output text > "$1.back"
    exit 0
    ;;
Failed | Stopped)
    echo "$1: $id is $status; CodeDeploy puts the traffic back"
    ;;
*)
    aws deploy stop-deployment --deployment-id "$id" --auto-rollback-enabled
    ;;
esac

# CodeDeploy names the deployment that takes this one back some moments later.
limit=$((SECONDS + ${ROLLBACK_NAMED_WITHIN:-300}))
while true; do
    back=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.rollbackInfo.rollbackDeploymentId --output text)
    if [ "$back" != None ]; then
        break
    fi
    if [ "$SECONDS" -ge "$limit" ]; then
        echo "$1: nothing takes $id back; see which version serves: aws deploy get-deployment --deployment-id $id" >&2
        exit 1
    fi
    sleep 5
done
echo "$back" > "$1.back"
