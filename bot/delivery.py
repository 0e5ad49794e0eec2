"""One request of Slack's, of either transport, handed to an app. Leaves aside what Bolt itself would stumble over."""

import logging

from slack_bolt import App, BoltRequest, BoltResponse

logger = logging.getLogger(__name__)


def dispatch(app: App, request: BoltRequest) -> BoltResponse:
    """Return the app's response; an acknowledgement for an event whose content is none, which nobody could take."""
    body = request.body
    if body.get("type") == "event_callback" and not isinstance(body.get("event"), dict):
        logger.warning("an event without content is left aside")
        return BoltResponse(status=200)
    return app.dispatch(request)
