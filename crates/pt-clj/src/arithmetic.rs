//! Arithmetic and comparison: integers take a short way.

use crate::Value;
use crate::context::{Context, Frame};
use crate::exception::Eval;
use crate::node::{Math, Node, Op};

impl Node {
    /// The integer of a local or a constant, without moving it.
    #[inline]
    pub(crate) fn integer(&self, context: &Context<'_>, frame: &Frame<'_>) -> Option<i64> {
        let value = match self {
            Self::Local(slot) | Self::Take(slot) => &context.stack[frame.base + *slot as usize],
            Self::Const(value) => value,
            _ => return None,
        };
        if let Value::Int(value) = value { Some(*value) } else { None }
    }
}

impl Math {
    /// What a comparison of integers that stand there says.
    #[inline]
    pub(crate) fn holds(&self, context: &Context<'_>, frame: &Frame<'_>) -> Option<bool> {
        let (left, right) = (self.left.integer(context, frame)?, self.right.integer(context, frame)?);
        match self.op {
            Op::Lt => Some(left < right),
            Op::Le => Some(left <= right),
            Op::Gt => Some(left > right),
            Op::Ge => Some(left >= right),
            Op::Eq => Some(left == right),
            Op::Add | Op::Sub | Op::Mul | Op::Div => None,
        }
    }

    #[inline]
    pub(crate) fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        if let (Some(left), Some(right)) =
            (self.left.integer(context, frame), self.right.integer(context, frame))
        {
            let number = match self.op {
                Op::Add => left.checked_add(right),
                Op::Sub => left.checked_sub(right),
                Op::Mul => left.checked_mul(right),
                Op::Div => None,
                Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq => self.holds(context, frame).map(i64::from),
            };
            match (self.op, number) {
                (Op::Add | Op::Sub | Op::Mul, Some(number)) => return Ok(Value::Int(number)),
                (Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq, Some(holds)) => {
                    return Ok(Value::Bool(holds == 1));
                }
                (Op::Div, _) | (_, None) => {}
            }
        }
        let left = self.left.eval(context, frame)?;
        let right = self.right.eval(context, frame)?;
        if let (Value::Int(left), Value::Int(right)) = (&left, &right) {
            let number = match self.op {
                Op::Add => left.checked_add(*right),
                Op::Sub => left.checked_sub(*right),
                Op::Mul => left.checked_mul(*right),
                Op::Div => None,
                Op::Lt => return Ok(Value::Bool(left < right)),
                Op::Le => return Ok(Value::Bool(left <= right)),
                Op::Gt => return Ok(Value::Bool(left > right)),
                Op::Ge => return Ok(Value::Bool(left >= right)),
                Op::Eq => return Ok(Value::Bool(left == right)),
            };
            if let Some(number) = number {
                return Ok(Value::Int(number));
            }
        }
        if self.op == Op::Div
            && let (Value::Float(_), _) | (_, Value::Float(_)) = (&left, &right)
        {
            let (over, under) = (crate::core::as_f64(context, &left)?, crate::core::as_f64(context, &right)?);
            return Ok(Value::Float(over / under));
        }
        self.slow(context, left, right)
    }

    #[inline(never)]
    fn slow(&self, context: &mut Context<'_>, left: Value, right: Value) -> Eval {
        (self.native.code)(context, &mut [left, right]).map_err(|signal| signal.at(self.span))
    }
}
