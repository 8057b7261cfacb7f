#!/usr/bin/env bash
# Takes the deployment of one component back. Usage: scripts/roll_back.sh COMPONENT, in the directory of the release, where
# release.json, COMPONENT.before (the task definition that ran) and COMPONENT.deployment (the deployment's id) are. The id of
# the deployment that brings the earlier version back goes to COMPONENT.back.
#
# While a deployment runs, CodeDeploy stops it and puts the traffic back on the old tasks. Once it has succeeded they are
# gone, and what ran before is deployed again. One that has failed, CodeDeploy rolls back by itself.
#
# A machine that was lost has kept nothing, or not all of it. Without COMPONENT.deployment, AWS is asked what was deployed
# of $APPLICATION by the workflow's run $GITHUB_RUN_ID, which its deployments name as their description. Where AWS knows of
# nothing, and $DEPLOY_ENDED is not success, nothing was deployed.
set -euo pipefail

if [ -s "$1.deployment" ]; then
    id=$(cat "$1.deployment")
else
    ids=$(aws deploy list-deployments --application-name "$APPLICATION" --deployment-group-name "$1" \
        --create-time-range "start=$(date -u -d '7 days ago' +%FT%TZ)" --query 'deployments[]' --output text) || {
        echo "$1: AWS does not say what was deployed; run this job again, or see docs/operations/rollback.md" >&2
        exit 1
    }
    id="" other=""
    for one in $ids; do
        found=$(aws deploy get-deployment --deployment-id "$one" --query 'deploymentInfo.[status, description]' --output text)
        read -r status by <<< "$found"
        if [ "$by" = "run $GITHUB_RUN_ID" ]; then
            id=$one # the newest comes first
            break
        elif [[ $status != @(Succeeded|Failed|Stopped) ]]; then
            other=$one
        fi
    done
    if [ -z "$id" ] && [ -n "$other" ]; then
        echo "$1: $other is under way, and not by this run; see whose it is, and take it back by docs/operations/rollback.md if it must be" >&2
        exit 1
    fi
    if [ -z "$id" ] && [ "$DEPLOY_ENDED" = success ]; then
        echo "$1: the deploy succeeded, and AWS knows of no deployment by run $GITHUB_RUN_ID in seven days; take it back by docs/operations/rollback.md" >&2
        exit 1
    fi
fi

if [ -z "$id" ]; then
    echo "$1: nothing was deployed"
    exit 0
fi
status=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.status --output text)

case $status in
Succeeded)
    if [ ! -s "$1.before" ] || [ ! -s release.json ]; then
        echo "$1: $id has succeeded, and nothing was kept of what ran before; take it back by docs/operations/rollback.md" >&2
        exit 1
    fi
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
