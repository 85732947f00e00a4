"""What a page says after an act, by the word that the act's answer puts into the address (`?done=`)."""

NOTICES = {
    "started": "The run has been started.",
    "stands": "There was nothing to start: this run stands for that time already.",
    "skipped": "The task had nothing to do.",
    "added": "That address gets no more mail.",
    "there": "That address was on the list already.",
    "removed": "That address gets mail again.",
    "redelivered": "The event is processed again.",
    "paused": "The queue is paused: nothing of it is sent until it is resumed.",
    "resumed": "The queue goes on.",
    "requeued": "The row goes out again, attempts afresh.",
    "discarded": "The row is given up. For 30 days this can be undone.",
    "restored": "The discard is undone.",
    "begun": "The requeue has begun: one letter first, then ten, then all.",
    "stopped": "The requeue has ended. What nobody had tried to send is a dead letter again.",
    "discards": "These letters are given up. For 30 days this can be undone.",
    "restores": "The discards are undone.",
    "none": "There was nothing of that kind.",
}
