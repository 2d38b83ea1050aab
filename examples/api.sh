# Source it: `. examples/api.sh`. Then `api PATH [curl's options]` asks the API in the name of $GOALTRAIL_TOKEN,
# or of the administrator that `make up` made. Each answer's ledger position and ETag are kept in $POSITION and
# $ETAG; the next request sees at least what was written before.

API=${GOALTRAIL_URL:-http://127.0.0.1:8642}

api() {
    path=$1
    shift
    curl -sS -D .answer "$API$path" \
        -H "Authorization: Bearer ${GOALTRAIL_TOKEN:-$(cat data/secrets/admin.token)}" \
        -H "Content-Type: ${TYPE:-application/json}" -H "Goaltrail-Min-Position: ${POSITION:-0}" "$@"
    echo
    ETAG=$(sed -n 's/^etag: //p' .answer | tr -d '\r')
    at=$(sed -n 's/^goaltrail-position: //p' .answer | tr -d '\r')
    POSITION=${at:-$POSITION}
    rm .answer
}
