/* Causeway on paper: intake, store and machine, checked by spin over every order in which things can
 * happen (scripts/model-check).
 *
 * Two events ask for the same endpoint, the second one newer. The daemon may die between any two
 * steps; what it has in memory is then gone, while the queue, the store and the world stay. A call is
 * carried out and answered, or its answer is lost, or it is carried out after it was given up. SQS
 * hands a message out again, and forgets deletes. SageMaker finishes a change, or returns silently to
 * what it had. A model may be bad. An operator cancels. Each of these a bounded number of times, so
 * that every run ends; at its end everything must be as promised.
 *
 * The promises are those of the deployment machine, by their numbers: asserted where they could be
 * broken (2 to 7), and at the end of every run (1, 3, 4, 7: final()). Time is left out: what the
 * machine waits out by the clock (a request that may still arrive) is waited for here until it has
 * arrived. With -DFAULT_... one rule is left out, and spin must find the promise broken by it.
 *
 * Two variants, whose faults have their names in theirs:
 *   -DWITHDRAWALS  the first event is of a model package, and the second is the registry's rejection of
 *                  it, which may come at any time: what deploys it is cancelled, and what serves it
 *                  goes back to what served before, by a deployment of its own.
 *   -DSTACKS       the driver cloudformation: a change set is made, and used up when it is executed; the
 *                  stack returns by itself where it does not come through. */

#define EVENTS 2
#define NONE 255
#define BASE EVENTS /* the configuration that served before; event i makes configuration i */

#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef TROUBLES
#define TROUBLES 2 /* answers lost, calls late, deletes forgotten, messages handed out again */
#endif
#ifndef RETURNS
#define RETURNS 1 /* silent returns */
#endif
#ifndef CANCELS
#define CANCELS 1
#endif

/* What the store holds of a deployment; ABSENT is no record. */
#define ABSENT 0
#define WAITING 1
#define MAKING 2     /* effect: make the configuration */
#define LOOKING 3    /* effect: look, before the update */
#define UPDATING 4   /* effect: update */
#define SETTLING 5   /* effect: look, when there is news */
#define VERIFYING 6  /* effect: ask the endpoint, and for proof */
#define BACK 7       /* effect: look, on the way back */
#define PUTTING 8    /* effect: restore */
#define TIDYING 9    /* ended; effect: delete what is not needed */
#define CLOSED 10

/* How it ended. */
#define RUNS 0
#define SUCCEEDED 1
#define ROLLED_BACK 2
#define CANCELLED 3
#define SUPERSEDED 4
#define REJECTED 5 /* the package was rejected before its turn */

/* Where a message is. */
#define VISIBLE 0
#define IN_HAND 1
#define DELETED 2

#define OK 1
#define REFUSED 2
#define LOST 3

/* ---- what survives the daemon ---- */
byte message[EVENTS];
byte record[EVENTS];    /* the store: */
byte end_state[EVENTS];
bool turn[EVENTS];
byte previous[EVENTS];
byte good = BASE;       /* the lineage: the last that succeeded */
bool kept[EVENTS];      /* in the lineage */
bool made[EVENTS];      /* the world: configurations (-DSTACKS: change sets) that exist */
byte serves = BASE;
byte pending = NONE;
bool bad[EVENTS];
byte sent[EVENTS];      /* a call on its way: the record's step that asked for it */
byte late[EVENTS];      /* a call that was given up and is still on its way */
#ifdef WITHDRAWALS
bool rejected;          /* the registry: the first event's package may not serve */
bool looked;            /* the store: the first event's package was approved when it was looked at */
bool heard;             /* the store: the rejection was taken */
#endif

/* ---- what does not ---- */
bool up = true;
bool in_hand[EVENTS];
bool committed[EVENTS]; /* the message's event, as far as the daemon knows */
bool busy[EVENTS];      /* an effect runs */
byte answer[EVENTS];

byte crashes = CRASHES;
byte troubles = TROUBLES;
byte returns = RETURNS;
byte cancels = CANCELS;

#define other(i) (1 - (i))
/* What a deployment puts on the endpoint; one that takes back a package has nothing of its own. */
#ifdef WITHDRAWALS
#define is_withdrawal(i) ((i) == 1)
#else
#define is_withdrawal(i) false
#endif
#define target(i) (is_withdrawal(i) -> BASE : (i))
#ifdef FAULT_TWO_AT_ONCE
#define is_free(i) true
#else
#define is_free(i) (!turn[other(i)])
#endif
#define is_released(i) (record[i] >= UPDATING && record[i] <= PUTTING)

inline finish(i, how)
{
    end_state[i] = how;
    record[i] = TIDYING;
}

/* Ends badly: back to what served, where the endpoint may have been touched. */
inline fail(i)
{
    if
    :: previous[i] != NONE -> record[i] = BACK
    :: else -> finish(i, CANCELLED)
    fi
}

#ifdef WITHDRAWALS
#define is_taken(i) (is_withdrawal(i) && heard || record[i] != ABSENT)
#else
#define is_taken(i) (record[i] != ABSENT)
#endif

/* ---- the intake: one message ---- */
proctype intake(byte i)
{
end:
    do
    :: atomic { up && message[i] == VISIBLE && !in_hand[i] ->
           message[i] = IN_HAND; in_hand[i] = true; committed[i] = false }
#ifdef FAULT_DELETE_BEFORE_COMMIT
    :: atomic { up && in_hand[i] && !committed[i] && message[i] == IN_HAND ->
           assert(is_taken(i)); /* 5 */
           message[i] = DELETED }
#endif
#ifdef WITHDRAWALS
    /* A rejection: committed is the cancelling of what deploys the package, once nothing of it is
     * under way, or the deployment that takes back what serves; or it concerns nothing. */
    :: atomic { up && is_withdrawal(i) && in_hand[i] && !committed[i] && !busy[0] ->
           if
#ifndef FAULT_WITHDRAWALS_ONLY_OF_WHAT_SERVES
           :: record[0] != ABSENT && record[0] < BACK -> fail(0)
#endif
           :: good == 0 && record[1] == ABSENT -> record[1] = WAITING
           :: else
           fi;
           heard = true; committed[i] = true }
#endif
    :: atomic { up && !is_withdrawal(i) && in_hand[i] && !committed[i] -> /* commit, or find that it is there */
           if
           :: record[i] == ABSENT -> record[i] = WAITING
#ifdef FAULT_TAKEN_TWICE
           :: else -> record[i] = WAITING
#else
           :: else
#endif
           fi;
           committed[i] = true }
    :: atomic { up && in_hand[i] && committed[i] -> /* delete */
           assert(is_taken(i)); /* 5 */
           in_hand[i] = false;
           if
           :: message[i] = DELETED
           :: troubles > 0 && message[i] != DELETED -> troubles--; message[i] = VISIBLE
           fi }
    :: atomic { message[i] == IN_HAND && troubles > 0 && in_hand[i] -> /* handed out again */
           troubles--; message[i] = VISIBLE; in_hand[i] = false }
    :: atomic { message[i] == IN_HAND && !in_hand[i] -> message[i] = VISIBLE } /* after a crash */
    od
}

/* ---- the machine: one deployment ---- */
inline take_turn(i)
{
    if
#ifdef WITHDRAWALS
#ifndef FAULT_WITHDRAWALS_NOT_LOOKED_UP
    :: !is_withdrawal(i) && !looked ->
        if
        :: rejected -> finish(i, REJECTED)
        :: else -> looked = true
        fi
#endif
    :: is_withdrawal(i) ->
        if
        :: good != 0 -> finish(i, SUPERSEDED) /* it does not serve any more */
        :: good == 0 && is_free(i) -> turn[i] = true; record[i] = LOOKING
        fi
    :: else ->
        if
        :: is_free(i) -> turn[i] = true; record[i] = MAKING
        fi
#else
    :: record[other(i)] == WAITING && other(i) > i -> finish(i, SUPERSEDED)
    :: good != BASE && good > i -> finish(i, SUPERSEDED)
    :: else ->
        if
        :: is_free(i) -> turn[i] = true; record[i] = MAKING
        fi
#endif
    fi
}

/* Taking an effect's result is one commit: the new record, and the lineage with it. */
inline take(i)
{
    busy[i] = false;
    if
    :: record[i] == MAKING ->
        if
        :: answer[i] != LOST -> record[i] = LOOKING /* refused: it exists, and is what we meant */
        :: else
        fi
    :: record[i] == UPDATING || record[i] == PUTTING ->
        if
        :: record[i] == PUTTING -> record[i] = BACK
        :: record[i] == UPDATING && answer[i] == OK -> record[i] = SETTLING
#ifdef FAULT_UNCERTAIN_IS_DONE
        :: record[i] == UPDATING && answer[i] != OK -> record[i] = VERIFYING
#else
        :: record[i] == UPDATING && answer[i] != OK -> record[i] = LOOKING
#endif
        fi
    :: record[i] == TIDYING ->
        if
        :: answer[i] != LOST -> record[i] = CLOSED; turn[i] = false
        :: else
        fi
    fi;
    answer[i] = 0
}

/* Looks are atomic with what follows from them: nobody else changes the endpoint. */
inline look(i)
{
    if
    :: record[i] == LOOKING ->
        if
        :: serves == target(i) -> record[i] = SETTLING;
            if
            :: previous[i] == NONE -> previous[i] = serves
            :: else
            fi
        :: else ->
            if
#ifdef FAULT_PREVIOUS_FORGOTTEN
            :: true -> previous[i] = i
#else
            :: previous[i] == NONE -> previous[i] = serves
            :: else
#endif
            fi;
#ifdef STACKS
            if
            :: made[i] -> record[i] = UPDATING
            :: else -> record[i] = BACK /* it is used up, and the stack is not what it would make of it */
            fi
#else
            record[i] = UPDATING
#endif
        fi
    :: record[i] == SETTLING ->
        if
#if defined(FAULT_IN_SERVICE_IS_ENOUGH) || defined(FAULT_STACKS_COMPLETE_IS_ENOUGH)
        :: true -> record[i] = VERIFYING
#else
        :: serves == target(i) -> record[i] = VERIFYING
        :: else -> record[i] = BACK /* a silent return */
#endif
        fi
    :: record[i] == VERIFYING ->
        if
#ifndef FAULT_VERIFICATION_SKIPPED
        :: bad[i] -> record[i] = BACK
        :: else ->
#else
        :: true ->
#endif
            assert(serves == target(i) && pending == NONE); /* 3: the proof */
            good = target(i); kept[0] = (i == 0); kept[1] = (i == 1); /* keep: 0 */
            finish(i, SUCCEEDED)
        fi
    :: record[i] == BACK ->
        if
        :: serves == previous[i] -> assert(serves == good); /* 4 */ finish(i, ROLLED_BACK)
        :: else -> record[i] = PUTTING
        fi
    fi
}

/* An effect that changes something begins: only what the store says, and only with the turn. */
inline begin(i, step)
{
    assert(turn[i] && !turn[other(i)]); /* 2 */
    assert(record[i] == step);          /* 6: what is sent is what is committed */
    busy[i] = true;
    sent[i] = step
}

#define needs_call(i) (record[i] == MAKING || record[i] == UPDATING || record[i] == PUTTING)
#define needs_look(i) (record[i] == LOOKING || record[i] == SETTLING || record[i] == VERIFYING || \
                       record[i] == BACK)
#ifdef FAULT_UNDONE_AT_ONCE
#define is_sure(i) true
#else
#define is_sure(i) (sent[i] == 0 && late[i] == 0)
#endif

proctype machine(byte i)
{
end:
    do
    :: atomic { up && record[i] == WAITING && !busy[i] &&
                (is_free(i) || other(i) > i && record[other(i)] == WAITING ||
                 good != BASE && good > i) -> take_turn(i) }
    :: atomic { up && needs_call(i) && !busy[i] && sent[i] == 0 -> begin(i, record[i]) }
#ifdef FAULT_EFFECT_BEFORE_COMMIT
    :: atomic { up && record[i] == LOOKING && !busy[i] && sent[i] == 0 && pending == NONE ->
           begin(i, UPDATING) }
#endif
    :: atomic { up && needs_look(i) && !busy[i] && pending == NONE && is_sure(i) -> look(i) }
    /* Nothing to delete, or what serves: closed. Else deleted, when nothing may bring it back. */
    :: atomic { up && record[i] == TIDYING && !busy[i] && is_sure(i) ->
           if
           :: !turn[i] -> record[i] = CLOSED
#ifdef STACKS
#ifndef FAULT_STACKS_CHANGE_LEFT
           :: turn[i] && made[i] -> busy[i] = true; sent[i] = TIDYING
           :: turn[i] && !made[i] -> record[i] = CLOSED; turn[i] = false
#else
           :: turn[i] -> record[i] = CLOSED; turn[i] = false
#endif
#else
           :: turn[i] && kept[i] -> 
               if
               :: made[other(i)] && !kept[other(i)] -> busy[i] = true; sent[i] = TIDYING
               :: else -> record[i] = CLOSED; turn[i] = false
               fi
           :: turn[i] && !kept[i] -> busy[i] = true; sent[i] = TIDYING
#endif
           fi }
    :: atomic { up && busy[i] && answer[i] != 0 -> take(i) }
    /* An operator cancels, between two steps. */
    :: atomic { up && cancels > 0 && !busy[i] && record[i] != ABSENT && record[i] < BACK ->
           cancels--;
#ifdef FAULT_CANCEL_JUST_ENDS
           finish(i, CANCELLED)
#else
           fail(i)
#endif
       }
    od
}

/* ---- the world ---- */
inline carry_out(i, step)
{
    if
    :: step == MAKING ->
        if
        :: made[i] -> answer[i] = REFUSED
        :: else -> made[i] = true; answer[i] = OK
        fi
    :: step == UPDATING ->
        if
#ifdef STACKS
        :: pending != NONE || !made[i] -> answer[i] = REFUSED
        :: else -> made[i] = false; pending = i; answer[i] = OK
#else
        :: pending != NONE || serves == target(i) -> answer[i] = REFUSED
        :: else -> assert(is_withdrawal(i) || made[i]); pending = target(i); answer[i] = OK
#endif
        fi
    :: step == PUTTING ->
        if
        :: pending != NONE -> answer[i] = REFUSED
        :: else -> pending = previous[i]; answer[i] = OK
        fi
    :: step == TIDYING ->
#ifdef STACKS
        made[i] = false;
#else
        /* of a success: the one before, which keep 0 does not keep */
        if
        :: kept[i] -> assert(serves != other(i) && pending != other(i)); /* 4 */
            made[other(i)] = false
        :: else -> assert(serves != i && pending != i); /* 4 */
            made[i] = false
        fi;
#endif
        answer[i] = OK
    fi
}

proctype calls(byte i)
{
end:
    do
    :: atomic { sent[i] != 0 -> /* carried out, and answered or not */
           carry_out(i, sent[i]);
           sent[i] = 0;
           if
           :: !busy[i] -> answer[i] = 0 /* the daemon died meanwhile */
           :: busy[i]
           :: busy[i] && troubles > 0 -> troubles--; answer[i] = LOST
           fi }
    :: atomic { sent[i] != 0 && busy[i] && late[i] == 0 && troubles > 0 -> /* given up too early */
           troubles--; late[i] = sent[i]; sent[i] = 0; answer[i] = LOST }
    :: atomic { sent[i] != 0 && !busy[i] -> sent[i] = 0 } /* it died with the daemon */
    :: atomic { late[i] != 0 ->
           byte kept_answer = answer[i];
           carry_out(i, late[i]);
           answer[i] = kept_answer;
           late[i] = 0 }
    od
}

proctype endpoint()
{
end:
    do
    :: atomic { pending != NONE -> serves = pending; pending = NONE }
    :: atomic { pending != NONE && returns > 0 -> returns--; pending = NONE }
    od
}

proctype trouble()
{
end:
    do
    :: atomic { up && crashes > 0 ->
           crashes--; up = false;
           in_hand[0] = false; in_hand[1] = false;
           committed[0] = false; committed[1] = false;
           busy[0] = false; busy[1] = false;
           answer[0] = 0; answer[1] = 0 }
    :: atomic { !up -> /* started again: what was under way is looked for before it is repeated */
           up = true;
           if
           :: record[0] == UPDATING -> record[0] = LOOKING
           :: record[0] == PUTTING -> record[0] = BACK
           :: else
           fi;
           if
           :: record[1] == UPDATING -> record[1] = LOOKING
           :: record[1] == PUTTING -> record[1] = BACK
           :: else
           fi }
    od
}

#ifdef WITHDRAWALS
proctype registry()
{
    atomic { rejected = true; message[1] = VISIBLE }
}
#endif

/* Nothing can happen any more: then everything is as promised. */
proctype final()
{
    timeout;
    assert(message[0] == DELETED && message[1] == DELETED);      /* 1 */
    assert(record[0] == CLOSED && (record[1] == CLOSED || is_withdrawal(1) && record[1] == ABSENT)); /* 1 */
    assert(!turn[0] && !turn[1]);
    assert(serves == good && pending == NONE);                   /* 3, 4 */
    assert(good == BASE || end_state[good] == SUCCEEDED && !bad[good]); /* 3 */
#ifdef STACKS
    assert(!made[0] && !made[1]);                                /* 7 */
#else
    assert(!made[0] || kept[0]);                                 /* 7 */
    assert(!made[1] || kept[1]);                                 /* 7 */
#endif
    assert(!(kept[0] && kept[1]));                               /* 7: keep is 0 */
    assert(!(end_state[0] == SUCCEEDED && end_state[1] == SUCCEEDED) || good == target(1))
#ifdef WITHDRAWALS
    /* What was rejected serves only where going back was tried, or called off, and did not do. */
    ; assert(serves != 0 || end_state[1] == ROLLED_BACK || end_state[1] == CANCELLED)
#endif
}

init
{
    atomic {
        previous[0] = NONE;
        previous[1] = NONE;
        if
        :: bad[0] = true
        :: true
        fi;
        if
        :: bad[1] = true
        :: true
        fi;
#ifdef WITHDRAWALS
        message[1] = DELETED; /* nothing was rejected yet */
        run registry();
#endif
        run intake(0); run intake(1);
        run machine(0); run machine(1);
        run calls(0); run calls(1);
        run endpoint();
        run trouble();
        run final()
    }
}
