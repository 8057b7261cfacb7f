#!/bin/sh
# What the container runs, in the checkout that the image holds: list, observe or merge. BUCKET and EXECUTION say where
# the cells are kept; [[cells]] names profile = "gate-{account}".
set -eu
place="s3://$BUCKET/$EXECUTION"
role_of() {
  printf '[profile gate-%s]\nrole_arn = arn:aws:iam::%s:role/%s\ncredential_source = EcsContainer\n' "$1" "$1" "$GATE_ROLE"
}

case "$1" in
list)
  prodgate cells --to /tmp/cells.json
  jq .cells /tmp/cells.json > /tmp/items.json
  aws s3 cp /tmp/cells.json "$place/cells.json"
  aws s3 cp /tmp/items.json "$place/items.json"
  ;;
observe)
  aws s3 cp "$place/cells.json" /tmp/cells.json
  export AWS_CONFIG_FILE=/tmp/config
  role_of "${CELL%%/*}" > "$AWS_CONFIG_FILE"
  code=0
  prodgate observe "$CELL" --cells /tmp/cells.json --runs /tmp/runs || code=$?
  # not satisfied and not known are for the verdict over all cells; what was cut off is kept as well
  unset AWS_CONFIG_FILE
  aws s3 cp --recursive /tmp/runs "$place/runs/"
  test "$code" -le 2
  ;;
merge)
  mkdir -p /tmp/runs
  aws s3 cp "$place/cells.json" /tmp/cells.json
  aws s3 cp --recursive "$place/runs/" /tmp/runs
  code=0
  prodgate merge /tmp/runs --cells /tmp/cells.json --unsigned --runs /tmp/merged || code=$?
  aws s3 cp --recursive /tmp/merged "$place/merged/"
  exit "$code"
  ;;
esac
