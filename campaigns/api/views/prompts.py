"""Prompts: stored audio files and call flows."""

from __future__ import annotations

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import base, fields, filters, serializers
from campaigns.api.parsers import StrictJSON
from campaigns.models import Prompt
from campaigns.operations import prompts as operations


class Prompts(base.Read):
    """Prompts of the account: WAV files come as multipart/form-data, flows as JSON."""

    model = Prompt
    queryset = Prompt.objects.none()
    serializer_class = serializers.PromptShape
    filterset_class = filters.PromptFilters
    parser_classes = (StrictJSON, parsers.MultiPartParser)

    def create(self, request: Request) -> Response:
        """Store a prompt; without an extension it gets the next free one."""
        wanted = fields.given(self.get_serializer(data=request.data))
        return self.shown(operations.store_prompt(account=self.account, **wanted), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a prompt's name, extension or content."""
        prompt = self.get_object()
        wanted = fields.given(self.get_serializer(prompt, data=request.data, partial=True))
        return self.shown(operations.change_prompt(prompt=prompt, **wanted))

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a prompt with its file."""
        operations.remove_prompt(prompt=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "audio/wav"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def audio(self, request: Request, pk: str) -> FileResponse:
        """Return the audio of a prompt."""
        prompt = self.get_object()
        try:
            return FileResponse(prompt.file.open("rb"), content_type="audio/wav", filename=f"{prompt.extension}.wav")
        except (ValueError, FileNotFoundError) as error:
            raise Http404 from error
