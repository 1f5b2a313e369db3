"""Transformer layers whose queries and keys carry a position that the values do not (DETR)."""

from torch import Tensor, nn


class PositionEncoderLayer(nn.TransformerEncoderLayer):
    """Self-attention and feed-forward, normalised after each residual sum.

    Parameters and their names are those of torch's layer; positions are added to queries and keys.
    """

    def forward(self, tokens: Tensor, position: Tensor) -> Tensor:
        """Refine tokens.

        Args:
            tokens: (B, N, C).
            position: (N, C) or (B, N, C), added to queries and keys.

        Returns:
            (B, N, C).
        """
        placed = tokens + position
        attended, _ = self.self_attn(placed, placed, tokens, need_weights=False)
        tokens = self.norm1(tokens + self.dropout1(attended))
        hidden = self.dropout(self.activation(self.linear1(tokens)))
        return self.norm2(tokens + self.dropout2(self.linear2(hidden)))


class PositionDecoderLayer(nn.TransformerDecoderLayer):
    """Self-attention, cross-attention to a memory and feed-forward, each normalised after it.

    Parameters and their names are those of torch's layer; positions are added to queries and keys.
    """

    def forward(
        self, tokens: Tensor, position: Tensor, memory: Tensor, memory_position: Tensor
    ) -> Tensor:
        """Refine tokens by what the memory holds.

        Args:
            tokens: (B, N, C).
            position: (N, C) of the tokens.
            memory: (B, M, C), the values of the cross-attention.
            memory_position: (M, C) or (B, M, C), added to its keys.

        Returns:
            (B, N, C).
        """
        placed = tokens + position
        attended, _ = self.self_attn(placed, placed, tokens, need_weights=False)
        tokens = self.norm1(tokens + self.dropout1(attended))
        attended, _ = self.multihead_attn(
            tokens + position, memory + memory_position, memory, need_weights=False
        )
        tokens = self.norm2(tokens + self.dropout2(attended))
        hidden = self.dropout(self.activation(self.linear1(tokens)))
        return self.norm3(tokens + self.dropout3(self.linear2(hidden)))
