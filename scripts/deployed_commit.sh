#!/usr/bin/env bash
# Prints DEPLOYED_COMMIT=<the commit that runs now>, for $GITHUB_ENV: that of the newest deployment to one of some GitHub
# environments which succeeded and was not taken back. Usage: scripts/deployed_commit.sh ENVIRONMENT..., with
# $GITHUB_REPOSITORY as OWNER/NAME. Before the pipeline has deployed for the first time it is $APPLIED_COMMIT, which
# somebody applied by hand.
set -euo pipefail

query='query($owner:String!,$name:String!,$environments:[String!]!){repository(owner:$owner,name:$name){deployments(
    environments:$environments,first:50,orderBy:{field:CREATED_AT,direction:DESC}){nodes{commitOid statuses(first:50){nodes{state}}}}}}'
environments=()
for environment; do environments+=(-f "environments[]=$environment"); done
commit=$(gh api graphql -f query="$query" -f owner="${GITHUB_REPOSITORY%/*}" -f name="${GITHUB_REPOSITORY#*/}" "${environments[@]}" |
    jq -r '[.data.repository.deployments.nodes[] | .commitOid as $commit | [.statuses.nodes[].state]
        | select(any(. == "SUCCESS") and all(. != "FAILURE" and . != "ERROR")) | $commit][0] // ""')
commit=${commit:-${APPLIED_COMMIT:-}}
if [ -z "$commit" ]; then
    echo "$*: no deployment has succeeded yet; set the variable APPLIED_COMMIT to the commit that was applied by hand" >&2
    exit 1
fi
echo "DEPLOYED_COMMIT=$commit"
