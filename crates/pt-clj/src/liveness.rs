//! Finds where a local is used for the last time.
//!
//! `(reduce (fn [m i] (assoc m i i)) {} …)` may change `m` in place if nothing else holds it. So the last use of a
//! local moves its value out of the slot instead of copying it. Slots beyond 63 are left alone.

use crate::node::{Let, Node};

/// Slots whose values are still needed, as bits.
type Slots = u64;

fn bit(slot: u32) -> Slots {
    1_u64.checked_shl(slot).unwrap_or(0)
}

/// Marks last uses in the body of a function; nothing is needed after it.
pub(crate) fn mark_last_uses(body: &mut Node) {
    let mut live = 0;
    mark(body, &mut live);
}

fn all(nodes: &mut [Node], live: &mut Slots) {
    nodes.iter_mut().rev().for_each(|node| mark(node, live));
}

/// Walks against the order of evaluation; `live` holds what is needed afterwards, then what is needed before.
fn mark(node: &mut Node, live: &mut Slots) {
    match node {
        Node::Local(slot) => {
            let bit = bit(*slot);
            if bit != 0 && *live & bit == 0 {
                *live |= bit;
                *node = Node::Take(*slot);
            }
        }
        Node::If(parts) => {
            let mut other = *live;
            mark(&mut parts.1, live);
            mark(&mut parts.2, &mut other);
            *live |= other;
            mark(&mut parts.0, live);
        }
        Node::Let(form) => {
            mark(&mut form.body, live);
            bindings(form, live);
        }
        Node::Loop(form) => {
            // The body runs again: what it uses of the outside is needed until the loop ends.
            let own = form.bindings.iter().fold(0, |slots, (slot, _)| slots | bit(*slot));
            let mut inside = !own;
            mark(&mut form.body, &mut inside);
            *live |= uses(&mut form.body) & !own;
            bindings(form, live);
        }
        Node::Case(case) => {
            let after = *live;
            for branch in case.branches.iter_mut().chain(&mut case.default) {
                let mut here = after;
                mark(branch, &mut here);
                *live |= here;
            }
            mark(&mut case.value, live);
        }
        Node::Try(form) => {
            if let Some(finally) = &mut form.finally {
                mark(finally, live);
            }
            let after = *live;
            let mut before = after;
            for (_, slot, body) in &mut form.catches {
                let mut here = after;
                mark(body, &mut here);
                before |= here & !bit(*slot);
            }
            // Anything may have happened when a catch begins.
            *live |= before;
            mark(&mut form.body, live);
        }
        Node::LetFn(_) => *live = !0,
        Node::Map(pairs) => {
            for (key, value) in pairs.iter_mut().rev() {
                mark(value, live);
                mark(key, live);
            }
        }
        Node::Do(nodes) | Node::And(nodes) | Node::Or(nodes) | Node::Vector(nodes) | Node::Set(nodes) => {
            all(nodes, live);
        }
        Node::Recur(recur) => all(&mut recur.args, live),
        Node::Math(math) => {
            mark(&mut math.right, live);
            mark(&mut math.left, live);
        }
        Node::Native(call) => all(&mut call.args, live),
        Node::Call(call) => {
            all(&mut call.args, live);
            mark(&mut call.function, live);
        }
        Node::Host(call) => all(&mut call.args, live),
        Node::Get(get) => {
            get.default.iter_mut().for_each(|node| mark(node, live));
            mark(&mut get.map, live);
        }
        Node::Fn(made) => all(&mut made.captures, live),
        Node::Def(def) => def.meta.iter_mut().chain(&mut def.value).for_each(|node| mark(node, live)),
        Node::Throw(parts) => mark(&mut parts.0, live),
        Node::Assign(parts) => mark(&mut parts.1, live),
        Node::Binding(form) => {
            mark(&mut form.body, live);
            form.bindings.iter_mut().rev().for_each(|(_, node)| mark(node, live));
        }
        Node::Method(call) => {
            all(&mut call.args, live);
            mark(&mut call.target, live);
        }
        Node::Room(node) => mark(node, live),
        Node::Const(_)
        | Node::Take(_)
        | Node::Capture(_)
        | Node::This
        | Node::Global(_)
        | Node::HostValue(_) => {}
    }
}

fn bindings(form: &mut Let, live: &mut Slots) {
    for (slot, node) in form.bindings.iter_mut().rev() {
        *live &= !bit(*slot);
        mark(node, live);
    }
}

fn uses(node: &mut Node) -> Slots {
    if let Node::Local(slot) | Node::Take(slot) = node {
        return bit(*slot);
    }
    let mut slots = 0;
    node.children(&mut |child| slots |= uses(child));
    slots
}
